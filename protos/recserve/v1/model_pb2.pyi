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
    HOLDOUT_KIND_REPLAY: _ClassVar[HoldoutKind]

class CheckVerdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHECK_VERDICT_UNSPECIFIED: _ClassVar[CheckVerdict]
    CHECK_VERDICT_PASSED: _ClassVar[CheckVerdict]
    CHECK_VERDICT_WARNED: _ClassVar[CheckVerdict]
    CHECK_VERDICT_FAILED: _ClassVar[CheckVerdict]
    CHECK_VERDICT_SKIPPED: _ClassVar[CheckVerdict]
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
HOLDOUT_KIND_REPLAY: HoldoutKind
CHECK_VERDICT_UNSPECIFIED: CheckVerdict
CHECK_VERDICT_PASSED: CheckVerdict
CHECK_VERDICT_WARNED: CheckVerdict
CHECK_VERDICT_FAILED: CheckVerdict
CHECK_VERDICT_SKIPPED: CheckVerdict

class ModelVersion(_message.Message):
    __slots__ = ("name", "model", "version", "state", "labels", "error", "create_time", "lineage", "evaluation", "cleaning", "schema", "hyper_parameters", "layout", "files", "size_bytes", "training_seconds", "producers", "training_run", "promotion", "unpromoted_reason", "learning_curves", "item_clusters", "promotion_margins", "rollback_reason")
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
    LEARNING_CURVES_FIELD_NUMBER: _ClassVar[int]
    ITEM_CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    PROMOTION_MARGINS_FIELD_NUMBER: _ClassVar[int]
    ROLLBACK_REASON_FIELD_NUMBER: _ClassVar[int]
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
    learning_curves: _containers.RepeatedCompositeFieldContainer[LearningCurve]
    item_clusters: _containers.RepeatedCompositeFieldContainer[ItemCluster]
    promotion_margins: _promotion_pb2.PromotionMargins
    rollback_reason: str
    def __init__(self, name: _Optional[str] = ..., model: _Optional[str] = ..., version: _Optional[int] = ..., state: _Optional[_Union[ModelVersionState, str]] = ..., labels: _Optional[_Iterable[str]] = ..., error: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lineage: _Optional[_Union[Lineage, _Mapping]] = ..., evaluation: _Optional[_Union[Evaluation, _Mapping]] = ..., cleaning: _Optional[_Union[CleaningReport, _Mapping]] = ..., schema: _Optional[_Union[_schema_pb2.Schema, _Mapping]] = ..., hyper_parameters: _Optional[_Union[_hyper_parameters_pb2.HyperParameters, _Mapping]] = ..., layout: _Optional[_Union[ArtefactLayout, _Mapping]] = ..., files: _Optional[_Iterable[_Union[ArtefactFile, _Mapping]]] = ..., size_bytes: _Optional[int] = ..., training_seconds: _Optional[float] = ..., producers: _Optional[_Iterable[str]] = ..., training_run: _Optional[str] = ..., promotion: _Optional[_Union[_promotion_pb2.Promotion, str]] = ..., unpromoted_reason: _Optional[str] = ..., learning_curves: _Optional[_Iterable[_Union[LearningCurve, _Mapping]]] = ..., item_clusters: _Optional[_Iterable[_Union[ItemCluster, _Mapping]]] = ..., promotion_margins: _Optional[_Union[_promotion_pb2.PromotionMargins, _Mapping]] = ..., rollback_reason: _Optional[str] = ...) -> None: ...

class ItemCluster(_message.Message):
    __slots__ = ("cluster", "item_count", "event_share", "popular_item_ids", "typical_features")
    CLUSTER_FIELD_NUMBER: _ClassVar[int]
    ITEM_COUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_SHARE_FIELD_NUMBER: _ClassVar[int]
    POPULAR_ITEM_IDS_FIELD_NUMBER: _ClassVar[int]
    TYPICAL_FEATURES_FIELD_NUMBER: _ClassVar[int]
    cluster: int
    item_count: int
    event_share: float
    popular_item_ids: _containers.RepeatedScalarFieldContainer[str]
    typical_features: _containers.RepeatedCompositeFieldContainer[TypicalFeature]
    def __init__(self, cluster: _Optional[int] = ..., item_count: _Optional[int] = ..., event_share: _Optional[float] = ..., popular_item_ids: _Optional[_Iterable[str]] = ..., typical_features: _Optional[_Iterable[_Union[TypicalFeature, _Mapping]]] = ...) -> None: ...

class TypicalFeature(_message.Message):
    __slots__ = ("feature", "value", "in_cluster", "overall")
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    IN_CLUSTER_FIELD_NUMBER: _ClassVar[int]
    OVERALL_FIELD_NUMBER: _ClassVar[int]
    feature: str
    value: str
    in_cluster: float
    overall: float
    def __init__(self, feature: _Optional[str] = ..., value: _Optional[str] = ..., in_cluster: _Optional[float] = ..., overall: _Optional[float] = ...) -> None: ...

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

class LearningCurve(_message.Message):
    __slots__ = ("stage", "note", "max_epochs", "start_loss", "passes")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    MAX_EPOCHS_FIELD_NUMBER: _ClassVar[int]
    START_LOSS_FIELD_NUMBER: _ClassVar[int]
    PASSES_FIELD_NUMBER: _ClassVar[int]
    stage: str
    note: str
    max_epochs: int
    start_loss: float
    passes: _containers.RepeatedCompositeFieldContainer[LearningPass]
    def __init__(self, stage: _Optional[str] = ..., note: _Optional[str] = ..., max_epochs: _Optional[int] = ..., start_loss: _Optional[float] = ..., passes: _Optional[_Iterable[_Union[LearningPass, _Mapping]]] = ...) -> None: ...

class LearningPass(_message.Message):
    __slots__ = ("loss", "validation", "seconds")
    class ValidationEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    LOSS_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    loss: float
    validation: _containers.ScalarMap[str, float]
    seconds: float
    def __init__(self, loss: _Optional[float] = ..., validation: _Optional[_Mapping[str, float]] = ..., seconds: _Optional[float] = ...) -> None: ...

class Evaluation(_message.Message):
    __slots__ = ("holdout", "holdout_event_count", "holdout_user_count", "metrics", "stable_version", "segments", "calibration", "popularity_deciles", "baselines")
    HOLDOUT_FIELD_NUMBER: _ClassVar[int]
    HOLDOUT_EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    HOLDOUT_USER_COUNT_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    STABLE_VERSION_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    CALIBRATION_FIELD_NUMBER: _ClassVar[int]
    POPULARITY_DECILES_FIELD_NUMBER: _ClassVar[int]
    BASELINES_FIELD_NUMBER: _ClassVar[int]
    holdout: HoldoutKind
    holdout_event_count: int
    holdout_user_count: int
    metrics: _containers.RepeatedCompositeFieldContainer[Metric]
    stable_version: int
    segments: _containers.RepeatedCompositeFieldContainer[Segment]
    calibration: Calibration
    popularity_deciles: _containers.RepeatedCompositeFieldContainer[PopularityDecile]
    baselines: _containers.RepeatedCompositeFieldContainer[Contender]
    def __init__(self, holdout: _Optional[_Union[HoldoutKind, str]] = ..., holdout_event_count: _Optional[int] = ..., holdout_user_count: _Optional[int] = ..., metrics: _Optional[_Iterable[_Union[Metric, _Mapping]]] = ..., stable_version: _Optional[int] = ..., segments: _Optional[_Iterable[_Union[Segment, _Mapping]]] = ..., calibration: _Optional[_Union[Calibration, _Mapping]] = ..., popularity_deciles: _Optional[_Iterable[_Union[PopularityDecile, _Mapping]]] = ..., baselines: _Optional[_Iterable[_Union[Contender, _Mapping]]] = ...) -> None: ...

class Segment(_message.Message):
    __slots__ = ("name", "user_count", "metrics")
    NAME_FIELD_NUMBER: _ClassVar[int]
    USER_COUNT_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    name: str
    user_count: int
    metrics: _containers.RepeatedCompositeFieldContainer[Metric]
    def __init__(self, name: _Optional[str] = ..., user_count: _Optional[int] = ..., metrics: _Optional[_Iterable[_Union[Metric, _Mapping]]] = ...) -> None: ...

class Calibration(_message.Message):
    __slots__ = ("expected_error", "bins")
    EXPECTED_ERROR_FIELD_NUMBER: _ClassVar[int]
    BINS_FIELD_NUMBER: _ClassVar[int]
    expected_error: float
    bins: _containers.RepeatedCompositeFieldContainer[CalibrationBin]
    def __init__(self, expected_error: _Optional[float] = ..., bins: _Optional[_Iterable[_Union[CalibrationBin, _Mapping]]] = ...) -> None: ...

class CalibrationBin(_message.Message):
    __slots__ = ("pair_count", "mean_score", "positive_share")
    PAIR_COUNT_FIELD_NUMBER: _ClassVar[int]
    MEAN_SCORE_FIELD_NUMBER: _ClassVar[int]
    POSITIVE_SHARE_FIELD_NUMBER: _ClassVar[int]
    pair_count: int
    mean_score: float
    positive_share: float
    def __init__(self, pair_count: _Optional[int] = ..., mean_score: _Optional[float] = ..., positive_share: _Optional[float] = ...) -> None: ...

class PopularityDecile(_message.Message):
    __slots__ = ("item_count", "event_share", "recommendation_share")
    ITEM_COUNT_FIELD_NUMBER: _ClassVar[int]
    EVENT_SHARE_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDATION_SHARE_FIELD_NUMBER: _ClassVar[int]
    item_count: int
    event_share: float
    recommendation_share: float
    def __init__(self, item_count: _Optional[int] = ..., event_share: _Optional[float] = ..., recommendation_share: _Optional[float] = ...) -> None: ...

class Contender(_message.Message):
    __slots__ = ("name", "settings", "metrics", "model_ratio", "model_ratio_interval", "segments")
    class SettingsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    MODEL_RATIO_FIELD_NUMBER: _ClassVar[int]
    MODEL_RATIO_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    name: str
    settings: _containers.ScalarMap[str, str]
    metrics: _containers.RepeatedCompositeFieldContainer[Metric]
    model_ratio: float
    model_ratio_interval: Interval
    segments: _containers.RepeatedCompositeFieldContainer[Segment]
    def __init__(self, name: _Optional[str] = ..., settings: _Optional[_Mapping[str, str]] = ..., metrics: _Optional[_Iterable[_Union[Metric, _Mapping]]] = ..., model_ratio: _Optional[float] = ..., model_ratio_interval: _Optional[_Union[Interval, _Mapping]] = ..., segments: _Optional[_Iterable[_Union[Segment, _Mapping]]] = ...) -> None: ...

class Comparison(_message.Message):
    __slots__ = ("protocol", "question_count", "user_count", "seeds", "contenders", "dataset_digest", "hyper_parameters", "left_out")
    class LeftOutEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    QUESTION_COUNT_FIELD_NUMBER: _ClassVar[int]
    USER_COUNT_FIELD_NUMBER: _ClassVar[int]
    SEEDS_FIELD_NUMBER: _ClassVar[int]
    CONTENDERS_FIELD_NUMBER: _ClassVar[int]
    DATASET_DIGEST_FIELD_NUMBER: _ClassVar[int]
    HYPER_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    protocol: HoldoutKind
    question_count: int
    user_count: int
    seeds: _containers.RepeatedScalarFieldContainer[int]
    contenders: _containers.RepeatedCompositeFieldContainer[Contender]
    dataset_digest: str
    hyper_parameters: _hyper_parameters_pb2.HyperParameters
    left_out: _containers.ScalarMap[str, str]
    def __init__(self, protocol: _Optional[_Union[HoldoutKind, str]] = ..., question_count: _Optional[int] = ..., user_count: _Optional[int] = ..., seeds: _Optional[_Iterable[int]] = ..., contenders: _Optional[_Iterable[_Union[Contender, _Mapping]]] = ..., dataset_digest: _Optional[str] = ..., hyper_parameters: _Optional[_Union[_hyper_parameters_pb2.HyperParameters, _Mapping]] = ..., left_out: _Optional[_Mapping[str, str]] = ...) -> None: ...

class Interval(_message.Message):
    __slots__ = ("low", "high")
    LOW_FIELD_NUMBER: _ClassVar[int]
    HIGH_FIELD_NUMBER: _ClassVar[int]
    low: float
    high: float
    def __init__(self, low: _Optional[float] = ..., high: _Optional[float] = ...) -> None: ...

class Metric(_message.Message):
    __slots__ = ("name", "value", "baseline", "stable", "interval", "baseline_interval", "ratio_interval")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    STABLE_FIELD_NUMBER: _ClassVar[int]
    INTERVAL_FIELD_NUMBER: _ClassVar[int]
    BASELINE_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    RATIO_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: float
    baseline: float
    stable: float
    interval: Interval
    baseline_interval: Interval
    ratio_interval: Interval
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ..., baseline: _Optional[float] = ..., stable: _Optional[float] = ..., interval: _Optional[_Union[Interval, _Mapping]] = ..., baseline_interval: _Optional[_Union[Interval, _Mapping]] = ..., ratio_interval: _Optional[_Union[Interval, _Mapping]] = ...) -> None: ...

class CleaningReport(_message.Message):
    __slots__ = ("rows_read", "rows_kept", "rules", "checks", "summary")
    ROWS_READ_FIELD_NUMBER: _ClassVar[int]
    ROWS_KEPT_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    rows_read: int
    rows_kept: int
    rules: _containers.RepeatedCompositeFieldContainer[CleaningRule]
    checks: _containers.RepeatedCompositeFieldContainer[QualityCheck]
    summary: DataSummary
    def __init__(self, rows_read: _Optional[int] = ..., rows_kept: _Optional[int] = ..., rules: _Optional[_Iterable[_Union[CleaningRule, _Mapping]]] = ..., checks: _Optional[_Iterable[_Union[QualityCheck, _Mapping]]] = ..., summary: _Optional[_Union[DataSummary, _Mapping]] = ...) -> None: ...

class CleaningRule(_message.Message):
    __slots__ = ("name", "description", "dropped", "repaired", "examples", "disabled")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    REPAIRED_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    DISABLED_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    dropped: int
    repaired: int
    examples: _containers.RepeatedScalarFieldContainer[str]
    disabled: bool
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., dropped: _Optional[int] = ..., repaired: _Optional[int] = ..., examples: _Optional[_Iterable[str]] = ..., disabled: bool = ...) -> None: ...

class QualityCheck(_message.Message):
    __slots__ = ("name", "description", "verdict", "finding", "figure", "warns_from", "fails_from", "allowed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    FINDING_FIELD_NUMBER: _ClassVar[int]
    FIGURE_FIELD_NUMBER: _ClassVar[int]
    WARNS_FROM_FIELD_NUMBER: _ClassVar[int]
    FAILS_FROM_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    verdict: CheckVerdict
    finding: str
    figure: float
    warns_from: float
    fails_from: float
    allowed: bool
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., verdict: _Optional[_Union[CheckVerdict, str]] = ..., finding: _Optional[str] = ..., figure: _Optional[float] = ..., warns_from: _Optional[float] = ..., fails_from: _Optional[float] = ..., allowed: bool = ...) -> None: ...

class DataSummary(_message.Message):
    __slots__ = ("distributions",)
    DISTRIBUTIONS_FIELD_NUMBER: _ClassVar[int]
    distributions: _containers.RepeatedCompositeFieldContainer[Distribution]
    def __init__(self, distributions: _Optional[_Iterable[_Union[Distribution, _Mapping]]] = ...) -> None: ...

class Distribution(_message.Message):
    __slots__ = ("name", "count", "edges", "values", "shares")
    NAME_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    EDGES_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    SHARES_FIELD_NUMBER: _ClassVar[int]
    name: str
    count: int
    edges: _containers.RepeatedScalarFieldContainer[float]
    values: _containers.RepeatedScalarFieldContainer[str]
    shares: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, name: _Optional[str] = ..., count: _Optional[int] = ..., edges: _Optional[_Iterable[float]] = ..., values: _Optional[_Iterable[str]] = ..., shares: _Optional[_Iterable[float]] = ...) -> None: ...

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
