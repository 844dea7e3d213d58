import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from recserve.v1 import schema_pb2 as _schema_pb2
from recserve.v1 import training_pb2 as _training_pb2
from recserve.v1 import promotion_pb2 as _promotion_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DiversityBasis(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIVERSITY_BASIS_UNSPECIFIED: _ClassVar[DiversityBasis]
    DIVERSITY_BASIS_VECTORS: _ClassVar[DiversityBasis]
    DIVERSITY_BASIS_CLUSTERS: _ClassVar[DiversityBasis]

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_UNSPECIFIED: _ClassVar[Reason]
    REASON_PERSONAL: _ClassVar[Reason]
    REASON_POPULAR: _ClassVar[Reason]
    REASON_SIMILAR: _ClassVar[Reason]

class Fallback(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FALLBACK_UNSPECIFIED: _ClassVar[Fallback]
    FALLBACK_NO_MODEL: _ClassVar[Fallback]
    FALLBACK_ENGINE_UNAVAILABLE: _ClassVar[Fallback]
    FALLBACK_UNKNOWN_USER: _ClassVar[Fallback]
    FALLBACK_DEADLINE: _ClassVar[Fallback]
    FALLBACK_NO_CANDIDATE_FEATURES: _ClassVar[Fallback]

class Shortfall(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SHORTFALL_UNSPECIFIED: _ClassVar[Shortfall]
    SHORTFALL_CATALOGUE: _ClassVar[Shortfall]
    SHORTFALL_CANDIDATES: _ClassVar[Shortfall]
DIVERSITY_BASIS_UNSPECIFIED: DiversityBasis
DIVERSITY_BASIS_VECTORS: DiversityBasis
DIVERSITY_BASIS_CLUSTERS: DiversityBasis
REASON_UNSPECIFIED: Reason
REASON_PERSONAL: Reason
REASON_POPULAR: Reason
REASON_SIMILAR: Reason
FALLBACK_UNSPECIFIED: Fallback
FALLBACK_NO_MODEL: Fallback
FALLBACK_ENGINE_UNAVAILABLE: Fallback
FALLBACK_UNKNOWN_USER: Fallback
FALLBACK_DEADLINE: Fallback
FALLBACK_NO_CANDIDATE_FEATURES: Fallback
SHORTFALL_UNSPECIFIED: Shortfall
SHORTFALL_CATALOGUE: Shortfall
SHORTFALL_CANDIDATES: Shortfall

class RecommendRequest(_message.Message):
    __slots__ = ("user_id", "num_results", "candidate_item_ids", "candidate_features", "exclude_item_ids", "include_seen", "filter", "context", "recent_item_ids", "diversity", "exploration", "model_label", "model_version", "scenario", "min_log_position", "validate_only", "model", "explain", "diversity_basis")
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _schema_pb2.FeatureValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_schema_pb2.FeatureValue, _Mapping]] = ...) -> None: ...
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NUM_RESULTS_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_FEATURES_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_SEEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    RECENT_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    DIVERSITY_FIELD_NUMBER: _ClassVar[int]
    EXPLORATION_FIELD_NUMBER: _ClassVar[int]
    MODEL_LABEL_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    SCENARIO_FIELD_NUMBER: _ClassVar[int]
    MIN_LOG_POSITION_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    DIVERSITY_BASIS_FIELD_NUMBER: _ClassVar[int]
    user_id: str
    num_results: int
    candidate_item_ids: _containers.RepeatedScalarFieldContainer[str]
    candidate_features: bytes
    exclude_item_ids: _containers.RepeatedScalarFieldContainer[str]
    include_seen: bool
    filter: str
    context: _containers.MessageMap[str, _schema_pb2.FeatureValue]
    recent_item_ids: _containers.RepeatedScalarFieldContainer[str]
    diversity: float
    exploration: float
    model_label: str
    model_version: int
    scenario: str
    min_log_position: int
    validate_only: bool
    model: str
    explain: bool
    diversity_basis: DiversityBasis
    def __init__(self, user_id: _Optional[str] = ..., num_results: _Optional[int] = ..., candidate_item_ids: _Optional[_Iterable[str]] = ..., candidate_features: _Optional[bytes] = ..., exclude_item_ids: _Optional[_Iterable[str]] = ..., include_seen: bool = ..., filter: _Optional[str] = ..., context: _Optional[_Mapping[str, _schema_pb2.FeatureValue]] = ..., recent_item_ids: _Optional[_Iterable[str]] = ..., diversity: _Optional[float] = ..., exploration: _Optional[float] = ..., model_label: _Optional[str] = ..., model_version: _Optional[int] = ..., scenario: _Optional[str] = ..., min_log_position: _Optional[int] = ..., validate_only: bool = ..., model: _Optional[str] = ..., explain: bool = ..., diversity_basis: _Optional[_Union[DiversityBasis, str]] = ...) -> None: ...

class RecommendResponse(_message.Message):
    __slots__ = ("recommendation_id", "model_version", "results", "fallback", "shortfall", "missing_item_ids", "timing", "log_position")
    RECOMMENDATION_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_FIELD_NUMBER: _ClassVar[int]
    SHORTFALL_FIELD_NUMBER: _ClassVar[int]
    MISSING_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    LOG_POSITION_FIELD_NUMBER: _ClassVar[int]
    recommendation_id: str
    model_version: int
    results: _containers.RepeatedCompositeFieldContainer[Recommendation]
    fallback: Fallback
    shortfall: Shortfall
    missing_item_ids: _containers.RepeatedScalarFieldContainer[str]
    timing: Timing
    log_position: int
    def __init__(self, recommendation_id: _Optional[str] = ..., model_version: _Optional[int] = ..., results: _Optional[_Iterable[_Union[Recommendation, _Mapping]]] = ..., fallback: _Optional[_Union[Fallback, str]] = ..., shortfall: _Optional[_Union[Shortfall, str]] = ..., missing_item_ids: _Optional[_Iterable[str]] = ..., timing: _Optional[_Union[Timing, _Mapping]] = ..., log_position: _Optional[int] = ...) -> None: ...

class Recommendation(_message.Message):
    __slots__ = ("item_id", "score", "propensity", "reason", "because_of_item_id")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    PROPENSITY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BECAUSE_OF_ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    score: float
    propensity: float
    reason: Reason
    because_of_item_id: str
    def __init__(self, item_id: _Optional[str] = ..., score: _Optional[float] = ..., propensity: _Optional[float] = ..., reason: _Optional[_Union[Reason, str]] = ..., because_of_item_id: _Optional[str] = ...) -> None: ...

class Timing(_message.Message):
    __slots__ = ("queue", "inference", "total", "batch_rows")
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    INFERENCE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    BATCH_ROWS_FIELD_NUMBER: _ClassVar[int]
    queue: _duration_pb2.Duration
    inference: _duration_pb2.Duration
    total: _duration_pb2.Duration
    batch_rows: int
    def __init__(self, queue: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., inference: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., total: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., batch_rows: _Optional[int] = ...) -> None: ...

class SimilarItemsRequest(_message.Message):
    __slots__ = ("item_id", "num_results", "exclude_item_ids", "user_id", "filter", "model_label", "model_version", "model")
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    NUM_RESULTS_FIELD_NUMBER: _ClassVar[int]
    EXCLUDE_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    MODEL_LABEL_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    item_id: str
    num_results: int
    exclude_item_ids: _containers.RepeatedScalarFieldContainer[str]
    user_id: str
    filter: str
    model_label: str
    model_version: int
    model: str
    def __init__(self, item_id: _Optional[str] = ..., num_results: _Optional[int] = ..., exclude_item_ids: _Optional[_Iterable[str]] = ..., user_id: _Optional[str] = ..., filter: _Optional[str] = ..., model_label: _Optional[str] = ..., model_version: _Optional[int] = ..., model: _Optional[str] = ...) -> None: ...

class SimilarItemsResponse(_message.Message):
    __slots__ = ("recommendation_id", "model_version", "results", "shortfall", "timing")
    RECOMMENDATION_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    SHORTFALL_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    recommendation_id: str
    model_version: int
    results: _containers.RepeatedCompositeFieldContainer[Recommendation]
    shortfall: Shortfall
    timing: Timing
    def __init__(self, recommendation_id: _Optional[str] = ..., model_version: _Optional[int] = ..., results: _Optional[_Iterable[_Union[Recommendation, _Mapping]]] = ..., shortfall: _Optional[_Union[Shortfall, str]] = ..., timing: _Optional[_Union[Timing, _Mapping]] = ...) -> None: ...

class FeedbackRequest(_message.Message):
    __slots__ = ("events", "validate_only")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    validate_only: bool
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., validate_only: bool = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("event_id", "user_id", "item_id", "event_type", "value", "event_time", "recommendation_id", "context")
    class ContextEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _schema_pb2.FeatureValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_schema_pb2.FeatureValue, _Mapping]] = ...) -> None: ...
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDATION_ID_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    user_id: str
    item_id: str
    event_type: str
    value: float
    event_time: _timestamp_pb2.Timestamp
    recommendation_id: str
    context: _containers.MessageMap[str, _schema_pb2.FeatureValue]
    def __init__(self, event_id: _Optional[str] = ..., user_id: _Optional[str] = ..., item_id: _Optional[str] = ..., event_type: _Optional[str] = ..., value: _Optional[float] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recommendation_id: _Optional[str] = ..., context: _Optional[_Mapping[str, _schema_pb2.FeatureValue]] = ...) -> None: ...

class FeedbackResponse(_message.Message):
    __slots__ = ("accepted_count", "duplicate_count", "log_position")
    ACCEPTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_COUNT_FIELD_NUMBER: _ClassVar[int]
    LOG_POSITION_FIELD_NUMBER: _ClassVar[int]
    accepted_count: int
    duplicate_count: int
    log_position: int
    def __init__(self, accepted_count: _Optional[int] = ..., duplicate_count: _Optional[int] = ..., log_position: _Optional[int] = ...) -> None: ...
