import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OffPolicyMethod(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OFF_POLICY_METHOD_UNSPECIFIED: _ClassVar[OffPolicyMethod]
    OFF_POLICY_METHOD_IPS: _ClassVar[OffPolicyMethod]
    OFF_POLICY_METHOD_SNIPS: _ClassVar[OffPolicyMethod]
    OFF_POLICY_METHOD_DR: _ClassVar[OffPolicyMethod]
OFF_POLICY_METHOD_UNSPECIFIED: OffPolicyMethod
OFF_POLICY_METHOD_IPS: OffPolicyMethod
OFF_POLICY_METHOD_SNIPS: OffPolicyMethod
OFF_POLICY_METHOD_DR: OffPolicyMethod

class CompareVersionsRequest(_message.Message):
    __slots__ = ("model", "start_time", "end_time", "model_versions", "baseline_version", "event_types", "positions")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    BASELINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPES_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    model: str
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    model_versions: _containers.RepeatedScalarFieldContainer[int]
    baseline_version: int
    event_types: _containers.RepeatedScalarFieldContainer[str]
    positions: int
    def __init__(self, model: _Optional[str] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., model_versions: _Optional[_Iterable[int]] = ..., baseline_version: _Optional[int] = ..., event_types: _Optional[_Iterable[str]] = ..., positions: _Optional[int] = ...) -> None: ...

class CompareVersionsResponse(_message.Message):
    __slots__ = ("versions", "baseline_version")
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    BASELINE_VERSION_FIELD_NUMBER: _ClassVar[int]
    versions: _containers.RepeatedCompositeFieldContainer[VersionStanding]
    baseline_version: int
    def __init__(self, versions: _Optional[_Iterable[_Union[VersionStanding, _Mapping]]] = ..., baseline_version: _Optional[int] = ...) -> None: ...

class VersionStanding(_message.Message):
    __slots__ = ("model_version", "answer_count", "user_count", "success_count", "success_rate", "value", "difference", "p_value", "off_policy")
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    ANSWER_COUNT_FIELD_NUMBER: _ClassVar[int]
    USER_COUNT_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_COUNT_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_RATE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    DIFFERENCE_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    OFF_POLICY_FIELD_NUMBER: _ClassVar[int]
    model_version: int
    answer_count: int
    user_count: int
    success_count: int
    success_rate: Estimate
    value: Estimate
    difference: Estimate
    p_value: float
    off_policy: _containers.RepeatedCompositeFieldContainer[OffPolicyEstimate]
    def __init__(self, model_version: _Optional[int] = ..., answer_count: _Optional[int] = ..., user_count: _Optional[int] = ..., success_count: _Optional[int] = ..., success_rate: _Optional[_Union[Estimate, _Mapping]] = ..., value: _Optional[_Union[Estimate, _Mapping]] = ..., difference: _Optional[_Union[Estimate, _Mapping]] = ..., p_value: _Optional[float] = ..., off_policy: _Optional[_Iterable[_Union[OffPolicyEstimate, _Mapping]]] = ...) -> None: ...

class Estimate(_message.Message):
    __slots__ = ("value", "low", "high")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    value: float
    low: float
    high: float
    def __init__(self, value: _Optional[float] = ..., low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class OffPolicyEstimate(_message.Message):
    __slots__ = ("method", "value", "answer_count", "effective_answer_count")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    ANSWER_COUNT_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_ANSWER_COUNT_FIELD_NUMBER: _ClassVar[int]
    method: OffPolicyMethod
    value: Estimate
    answer_count: int
    effective_answer_count: float
    def __init__(self, method: _Optional[_Union[OffPolicyMethod, str]] = ..., value: _Optional[_Union[Estimate, _Mapping]] = ..., answer_count: _Optional[int] = ..., effective_answer_count: _Optional[float] = ...) -> None: ...
