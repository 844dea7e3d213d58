from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Polarity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    POLARITY_UNSPECIFIED: _ClassVar[Polarity]
    POLARITY_POSITIVE: _ClassVar[Polarity]
    POLARITY_NEGATIVE: _ClassVar[Polarity]
    POLARITY_IMPRESSION: _ClassVar[Polarity]

class FeatureType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FEATURE_TYPE_UNSPECIFIED: _ClassVar[FeatureType]
    FEATURE_TYPE_NUMERIC: _ClassVar[FeatureType]
    FEATURE_TYPE_CATEGORICAL: _ClassVar[FeatureType]
    FEATURE_TYPE_MULTI_VALUED: _ClassVar[FeatureType]
    FEATURE_TYPE_TIMESTAMP: _ClassVar[FeatureType]
    FEATURE_TYPE_TEXT: _ClassVar[FeatureType]
    FEATURE_TYPE_VECTOR: _ClassVar[FeatureType]

class TimestampKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TIMESTAMP_KIND_UNSPECIFIED: _ClassVar[TimestampKind]
    TIMESTAMP_KIND_CLOCK: _ClassVar[TimestampKind]
    TIMESTAMP_KIND_SEQUENCE: _ClassVar[TimestampKind]
POLARITY_UNSPECIFIED: Polarity
POLARITY_POSITIVE: Polarity
POLARITY_NEGATIVE: Polarity
POLARITY_IMPRESSION: Polarity
FEATURE_TYPE_UNSPECIFIED: FeatureType
FEATURE_TYPE_NUMERIC: FeatureType
FEATURE_TYPE_CATEGORICAL: FeatureType
FEATURE_TYPE_MULTI_VALUED: FeatureType
FEATURE_TYPE_TIMESTAMP: FeatureType
FEATURE_TYPE_TEXT: FeatureType
FEATURE_TYPE_VECTOR: FeatureType
TIMESTAMP_KIND_UNSPECIFIED: TimestampKind
TIMESTAMP_KIND_CLOCK: TimestampKind
TIMESTAMP_KIND_SEQUENCE: TimestampKind

class Schema(_message.Message):
    __slots__ = ("event_types", "user_features", "item_features", "context_features", "candidate_features", "source", "accepts_other_event_types", "cleaning")
    EVENT_TYPES_FIELD_NUMBER: _ClassVar[int]
    USER_FEATURES_FIELD_NUMBER: _ClassVar[int]
    ITEM_FEATURES_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FEATURES_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FEATURES_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ACCEPTS_OTHER_EVENT_TYPES_FIELD_NUMBER: _ClassVar[int]
    CLEANING_FIELD_NUMBER: _ClassVar[int]
    event_types: _containers.RepeatedCompositeFieldContainer[EventType]
    user_features: _containers.RepeatedCompositeFieldContainer[Feature]
    item_features: _containers.RepeatedCompositeFieldContainer[Feature]
    context_features: _containers.RepeatedCompositeFieldContainer[Feature]
    candidate_features: _containers.RepeatedCompositeFieldContainer[Feature]
    source: DatasetSource
    accepts_other_event_types: bool
    cleaning: Cleaning
    def __init__(self, event_types: _Optional[_Iterable[_Union[EventType, _Mapping]]] = ..., user_features: _Optional[_Iterable[_Union[Feature, _Mapping]]] = ..., item_features: _Optional[_Iterable[_Union[Feature, _Mapping]]] = ..., context_features: _Optional[_Iterable[_Union[Feature, _Mapping]]] = ..., candidate_features: _Optional[_Iterable[_Union[Feature, _Mapping]]] = ..., source: _Optional[_Union[DatasetSource, _Mapping]] = ..., accepts_other_event_types: bool = ..., cleaning: _Optional[_Union[Cleaning, _Mapping]] = ...) -> None: ...

class EventType(_message.Message):
    __slots__ = ("name", "weight", "polarity", "positive_at_least")
    NAME_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    POLARITY_FIELD_NUMBER: _ClassVar[int]
    POSITIVE_AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    name: str
    weight: float
    polarity: Polarity
    positive_at_least: float
    def __init__(self, name: _Optional[str] = ..., weight: _Optional[float] = ..., polarity: _Optional[_Union[Polarity, str]] = ..., positive_at_least: _Optional[float] = ...) -> None: ...

class Feature(_message.Message):
    __slots__ = ("name", "type", "column", "separator", "dimension")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    SEPARATOR_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: FeatureType
    column: str
    separator: str
    dimension: int
    def __init__(self, name: _Optional[str] = ..., type: _Optional[_Union[FeatureType, str]] = ..., column: _Optional[str] = ..., separator: _Optional[str] = ..., dimension: _Optional[int] = ...) -> None: ...

class DatasetSource(_message.Message):
    __slots__ = ("interactions_file", "items_file", "users_file", "user_id_column", "item_id_column", "event_type_column", "value_column", "timestamp_column", "timestamp_kind")
    INTERACTIONS_FILE_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FILE_FIELD_NUMBER: _ClassVar[int]
    USERS_FILE_FIELD_NUMBER: _ClassVar[int]
    USER_ID_COLUMN_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_COLUMN_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_COLUMN_FIELD_NUMBER: _ClassVar[int]
    VALUE_COLUMN_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_COLUMN_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_KIND_FIELD_NUMBER: _ClassVar[int]
    interactions_file: str
    items_file: str
    users_file: str
    user_id_column: str
    item_id_column: str
    event_type_column: str
    value_column: str
    timestamp_column: str
    timestamp_kind: TimestampKind
    def __init__(self, interactions_file: _Optional[str] = ..., items_file: _Optional[str] = ..., users_file: _Optional[str] = ..., user_id_column: _Optional[str] = ..., item_id_column: _Optional[str] = ..., event_type_column: _Optional[str] = ..., value_column: _Optional[str] = ..., timestamp_column: _Optional[str] = ..., timestamp_kind: _Optional[_Union[TimestampKind, str]] = ...) -> None: ...

class Cleaning(_message.Message):
    __slots__ = ("disabled_rules", "enabled_rules", "allowed_checks", "burst_seconds", "bot_hourly_events", "min_user_events", "min_item_events", "max_garbage_share", "max_feature_auc", "drift_warning", "drift_failure")
    DISABLED_RULES_FIELD_NUMBER: _ClassVar[int]
    ENABLED_RULES_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_CHECKS_FIELD_NUMBER: _ClassVar[int]
    BURST_SECONDS_FIELD_NUMBER: _ClassVar[int]
    BOT_HOURLY_EVENTS_FIELD_NUMBER: _ClassVar[int]
    MIN_USER_EVENTS_FIELD_NUMBER: _ClassVar[int]
    MIN_ITEM_EVENTS_FIELD_NUMBER: _ClassVar[int]
    MAX_GARBAGE_SHARE_FIELD_NUMBER: _ClassVar[int]
    MAX_FEATURE_AUC_FIELD_NUMBER: _ClassVar[int]
    DRIFT_WARNING_FIELD_NUMBER: _ClassVar[int]
    DRIFT_FAILURE_FIELD_NUMBER: _ClassVar[int]
    disabled_rules: _containers.RepeatedScalarFieldContainer[str]
    enabled_rules: _containers.RepeatedScalarFieldContainer[str]
    allowed_checks: _containers.RepeatedScalarFieldContainer[str]
    burst_seconds: float
    bot_hourly_events: int
    min_user_events: int
    min_item_events: int
    max_garbage_share: float
    max_feature_auc: float
    drift_warning: float
    drift_failure: float
    def __init__(self, disabled_rules: _Optional[_Iterable[str]] = ..., enabled_rules: _Optional[_Iterable[str]] = ..., allowed_checks: _Optional[_Iterable[str]] = ..., burst_seconds: _Optional[float] = ..., bot_hourly_events: _Optional[int] = ..., min_user_events: _Optional[int] = ..., min_item_events: _Optional[int] = ..., max_garbage_share: _Optional[float] = ..., max_feature_auc: _Optional[float] = ..., drift_warning: _Optional[float] = ..., drift_failure: _Optional[float] = ...) -> None: ...

class FeatureValue(_message.Message):
    __slots__ = ("number", "text", "strings", "vector")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    STRINGS_FIELD_NUMBER: _ClassVar[int]
    VECTOR_FIELD_NUMBER: _ClassVar[int]
    number: float
    text: str
    strings: StringList
    vector: FloatList
    def __init__(self, number: _Optional[float] = ..., text: _Optional[str] = ..., strings: _Optional[_Union[StringList, _Mapping]] = ..., vector: _Optional[_Union[FloatList, _Mapping]] = ...) -> None: ...

class StringList(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, values: _Optional[_Iterable[str]] = ...) -> None: ...

class FloatList(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, values: _Optional[_Iterable[float]] = ...) -> None: ...
