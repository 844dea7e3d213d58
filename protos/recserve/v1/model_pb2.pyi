import datetime

from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from recserve.v1 import hyper_parameters_pb2 as _hyper_parameters_pb2
from recserve.v1 import promotion_pb2 as _promotion_pb2
from recserve.v1 import schema_pb2 as _schema_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ModelVersionState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEL_VERSION_STATE_UNSPECIFIED: _ClassVar[ModelVersionState]
    MODEL_VERSION_STATE_AVAILABLE: _ClassVar[ModelVersionState]
    MODEL_VERSION_STATE_LOADING: _ClassVar[ModelVersionState]
    MODEL_VERSION_STATE_SERVING: _ClassVar[ModelVersionState]
    MODEL_VERSION_STATE_DRAINING: _ClassVar[ModelVersionState]
    MODEL_VERSION_STATE_FAILED: _ClassVar[ModelVersionState]

class TrainingMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRAINING_MODE_UNSPECIFIED: _ClassVar[TrainingMode]
    TRAINING_MODE_FULL: _ClassVar[TrainingMode]
    TRAINING_MODE_WARM_START: _ClassVar[TrainingMode]

class HoldoutKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOLDOUT_KIND_UNSPECIFIED: _ClassVar[HoldoutKind]
    HOLDOUT_KIND_TIME: _ClassVar[HoldoutKind]
    HOLDOUT_KIND_LEAVE_LAST_OUT: _ClassVar[HoldoutKind]
    HOLDOUT_KIND_RANDOM: _ClassVar[HoldoutKind]
MODEL_VERSION_STATE_UNSPECIFIED: ModelVersionState
MODEL_VERSION_STATE_AVAILABLE: ModelVersionState
MODEL_VERSION_STATE_LOADING: ModelVersionState
MODEL_VERSION_STATE_SERVING: ModelVersionState
MODEL_VERSION_STATE_DRAINING: ModelVersionState
MODEL_VERSION_STATE_FAILED: ModelVersionState
TRAINING_MODE_UNSPECIFIED: TrainingMode
TRAINING_MODE_FULL: TrainingMode
TRAINING_MODE_WARM_START: TrainingMode
HOLDOUT_KIND_UNSPECIFIED: HoldoutKind
HOLDOUT_KIND_TIME: HoldoutKind
HOLDOUT_KIND_LEAVE_LAST_OUT: HoldoutKind
HOLDOUT_KIND_RANDOM: HoldoutKind

class ModelVersion(_message.Message):
    __slots__ = ("name", "model", "version", "state", "labels", "error", "create_time", "lineage", "evaluation", "cleaning", "schema", "hyper_parameters", "layout", "files", "size_bytes", "training_seconds", "producers", "training_run", "promotion", "unpromoted_reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    LINEAGE_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_FIELD_NUMBER: _ClassVar[int]
    CLEANING_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_FIELD_NUMBER: _ClassVar[int]
    HYPER_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    LAYOUT_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    TRAINING_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PRODUCERS_FIELD_NUMBER: _ClassVar[int]
    TRAINING_RUN_FIELD_NUMBER: _ClassVar[int]
    PROMOTION_FIELD_NUMBER: _ClassVar[int]
    UNPROMOTED_REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    model: str
    version: int
    state: ModelVersionState
    labels: _containers.RepeatedScalarFieldContainer[str]
    error: str
    create_time: _timestamp_pb2.Timestamp
    lineage: Lineage
    evaluation: Evaluation
    cleaning: CleaningReport
    schema: _schema_pb2.Schema
    hyper_parameters: _hyper_parameters_pb2.HyperParameters
    layout: ArtefactLayout
    files: _containers.RepeatedCompositeFieldContainer[ArtefactFile]
    size_bytes: int
    training_seconds: float
    producers: _containers.RepeatedScalarFieldContainer[str]
    training_run: str
    promotion: _promotion_pb2.Promotion
    unpromoted_reason: str
    def __init__(self, name: _Optional[str] = ..., model: _Optional[str] = ..., version: _Optional[int] = ..., state: _Optional[_Union[ModelVersionState, str]] = ..., labels: _Optional[_Iterable[str]] = ..., error: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lineage: _Optional[_Union[Lineage, _Mapping]] = ..., evaluation: _Optional[_Union[Evaluation, _Mapping]] = ..., cleaning: _Optional[_Union[CleaningReport, _Mapping]] = ..., schema: _Optional[_Union[_schema_pb2.Schema, _Mapping]] = ..., hyper_parameters: _Optional[_Union[_hyper_parameters_pb2.HyperParameters, _Mapping]] = ..., layout: _Optional[_Union[ArtefactLayout, _Mapping]] = ..., files: _Optional[_Iterable[_Union[ArtefactFile, _Mapping]]] = ..., size_bytes: _Optional[int] = ..., training_seconds: _Optional[float] = ..., producers: _Optional[_Iterable[str]] = ..., training_run: _Optional[str] = ..., promotion: _Optional[_Union[_promotion_pb2.Promotion, str]] = ..., unpromoted_reason: _Optional[str] = ...) -> None: ...

class Lineage(_message.Message):
    __slots__ = ("mode", "base_version", "schema_digest", "dataset_digest", "first_event_time", "last_event_time", "log_position", "event_count", "user_count", "item_count", "seed")
    MODE_FIELD_NUMBER: _ClassVar[int]
    BASE_VERSION_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_DIGEST_FIELD_NUMBER: _ClassVar[int]
    DATASET_DIGEST_FIELD_NUMBER: _ClassVar[int]
    FIRST_EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    LAST_EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    LOG_POSITION_FIELD_NUMBER: _ClassVar[int]
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    USER_COUNT_FIELD_NUMBER: _ClassVar[int]
    ITEM_COUNT_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    mode: TrainingMode
    base_version: int
    schema_digest: str
    dataset_digest: str
    first_event_time: _timestamp_pb2.Timestamp
    last_event_time: _timestamp_pb2.Timestamp
    log_position: int
    event_count: int
    user_count: int
    item_count: int
    seed: int
    def __init__(self, mode: _Optional[_Union[TrainingMode, str]] = ..., base_version: _Optional[int] = ..., schema_digest: _Optional[str] = ..., dataset_digest: _Optional[str] = ..., first_event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., log_position: _Optional[int] = ..., event_count: _Optional[int] = ..., user_count: _Optional[int] = ..., item_count: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class Evaluation(_message.Message):
    __slots__ = ("holdout", "holdout_event_count", "holdout_user_count", "metrics", "stable_version")
    HOLDOUT_FIELD_NUMBER: _ClassVar[int]
    HOLDOUT_EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    HOLDOUT_USER_COUNT_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    STABLE_VERSION_FIELD_NUMBER: _ClassVar[int]
    holdout: HoldoutKind
    holdout_event_count: int
    holdout_user_count: int
    metrics: _containers.RepeatedCompositeFieldContainer[Metric]
    stable_version: int
    def __init__(self, holdout: _Optional[_Union[HoldoutKind, str]] = ..., holdout_event_count: _Optional[int] = ..., holdout_user_count: _Optional[int] = ..., metrics: _Optional[_Iterable[_Union[Metric, _Mapping]]] = ..., stable_version: _Optional[int] = ...) -> None: ...

class Metric(_message.Message):
    __slots__ = ("name", "value", "baseline", "stable")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    STABLE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    baseline: float
    stable: float
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ..., baseline: _Optional[float] = ..., stable: _Optional[float] = ...) -> None: ...

class CleaningReport(_message.Message):
    __slots__ = ("rows_read", "rows_kept", "rules")
    ROWS_READ_FIELD_NUMBER: _ClassVar[int]
    ROWS_KEPT_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    rows_read: int
    rows_kept: int
    rules: _containers.RepeatedCompositeFieldContainer[CleaningRule]
    def __init__(self, rows_read: _Optional[int] = ..., rows_kept: _Optional[int] = ..., rules: _Optional[_Iterable[_Union[CleaningRule, _Mapping]]] = ...) -> None: ...

class CleaningRule(_message.Message):
    __slots__ = ("name", "description", "dropped", "repaired", "examples")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    REPAIRED_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    dropped: int
    repaired: int
    examples: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., dropped: _Optional[int] = ..., repaired: _Optional[int] = ..., examples: _Optional[_Iterable[str]] = ...) -> None: ...

class ArtefactLayout(_message.Message):
    __slots__ = ("format_version", "family", "history_length", "vector_width", "state_width", "multi_valued_length", "candidate_count", "uses_history")
    FORMAT_VERSION_FIELD_NUMBER: _ClassVar[int]
    FAMILY_FIELD_NUMBER: _ClassVar[int]
    HISTORY_LENGTH_FIELD_NUMBER: _ClassVar[int]
    VECTOR_WIDTH_FIELD_NUMBER: _ClassVar[int]
    STATE_WIDTH_FIELD_NUMBER: _ClassVar[int]
    MULTI_VALUED_LENGTH_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_COUNT_FIELD_NUMBER: _ClassVar[int]
    USES_HISTORY_FIELD_NUMBER: _ClassVar[int]
    format_version: int
    family: str
    history_length: int
    vector_width: int
    state_width: int
    multi_valued_length: int
    candidate_count: int
    uses_history: bool
    def __init__(self, format_version: _Optional[int] = ..., family: _Optional[str] = ..., history_length: _Optional[int] = ..., vector_width: _Optional[int] = ..., state_width: _Optional[int] = ..., multi_valued_length: _Optional[int] = ..., candidate_count: _Optional[int] = ..., uses_history: bool = ...) -> None: ...

class ArtefactFile(_message.Message):
    __slots__ = ("path", "size_bytes", "sha256")
    PATH_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    path: str
    size_bytes: int
    sha256: str
    def __init__(self, path: _Optional[str] = ..., size_bytes: _Optional[int] = ..., sha256: _Optional[str] = ...) -> None: ...

class ListModelVersionsRequest(_message.Message):
    __slots__ = ("model", "page_size", "page_token")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    model: str
    page_size: int
    page_token: str
    def __init__(self, model: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListModelVersionsResponse(_message.Message):
    __slots__ = ("model_versions", "next_page_token")
    MODEL_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    model_versions: _containers.RepeatedCompositeFieldContainer[ModelVersion]
    next_page_token: str
    def __init__(self, model_versions: _Optional[_Iterable[_Union[ModelVersion, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetModelVersionRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class SetModelLabelRequest(_message.Message):
    __slots__ = ("name", "label")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    name: str
    label: str
    def __init__(self, name: _Optional[str] = ..., label: _Optional[str] = ...) -> None: ...

class DeleteModelVersionRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...
