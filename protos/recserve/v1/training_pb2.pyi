import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from recserve.v1 import hyper_parameters_pb2 as _hyper_parameters_pb2
from recserve.v1 import model_pb2 as _model_pb2
from recserve.v1 import promotion_pb2 as _promotion_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union
from recserve.v1.promotion_pb2 import PromotionMargins as PromotionMargins
from recserve.v1.promotion_pb2 import Promotion as Promotion

DESCRIPTOR: _descriptor.FileDescriptor
PROMOTION_UNSPECIFIED: _promotion_pb2.Promotion
PROMOTION_IF_BETTER: _promotion_pb2.Promotion
PROMOTION_ALWAYS: _promotion_pb2.Promotion
PROMOTION_NEVER: _promotion_pb2.Promotion
PROMOTION_CANARY: _promotion_pb2.Promotion

class TrainingRunState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRAINING_RUN_STATE_UNSPECIFIED: _ClassVar[TrainingRunState]
    TRAINING_RUN_STATE_QUEUED: _ClassVar[TrainingRunState]
    TRAINING_RUN_STATE_RUNNING: _ClassVar[TrainingRunState]
    TRAINING_RUN_STATE_SUCCEEDED: _ClassVar[TrainingRunState]
    TRAINING_RUN_STATE_FAILED: _ClassVar[TrainingRunState]
    TRAINING_RUN_STATE_CANCELLED: _ClassVar[TrainingRunState]
TRAINING_RUN_STATE_UNSPECIFIED: TrainingRunState
TRAINING_RUN_STATE_QUEUED: TrainingRunState
TRAINING_RUN_STATE_RUNNING: TrainingRunState
TRAINING_RUN_STATE_SUCCEEDED: TrainingRunState
TRAINING_RUN_STATE_FAILED: TrainingRunState
TRAINING_RUN_STATE_CANCELLED: TrainingRunState

class TrainingRun(_message.Message):
    __slots__ = ("name", "state", "progress", "error", "model_version", "request", "create_time", "start_time", "end_time", "trigger", "log_position", "log_entries")
    NAME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    MODEL_VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    LOG_POSITION_FIELD_NUMBER: _ClassVar[int]
    LOG_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    name: str
    state: TrainingRunState
    progress: TrainingProgress
    error: str
    model_version: _model_pb2.ModelVersion
    request: TrainRequest
    create_time: _timestamp_pb2.Timestamp
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    trigger: str
    log_position: int
    log_entries: _containers.RepeatedCompositeFieldContainer[TrainingLogEntry]
    def __init__(self, name: _Optional[str] = ..., state: _Optional[_Union[TrainingRunState, str]] = ..., progress: _Optional[_Union[TrainingProgress, _Mapping]] = ..., error: _Optional[str] = ..., model_version: _Optional[_Union[_model_pb2.ModelVersion, _Mapping]] = ..., request: _Optional[_Union[TrainRequest, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., trigger: _Optional[str] = ..., log_position: _Optional[int] = ..., log_entries: _Optional[_Iterable[_Union[TrainingLogEntry, _Mapping]]] = ...) -> None: ...

class TrainingLogEntry(_message.Message):
    __slots__ = ("time", "stage", "text")
    TIME_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    stage: str
    text: str
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., stage: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class TrainingProgress(_message.Message):
    __slots__ = ("stage", "epoch", "max_epochs", "step", "max_steps", "loss", "holdout_metrics", "seconds_left")
    STAGE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    MAX_EPOCHS_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    MAX_STEPS_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    HOLDOUT_METRICS_FIELD_NUMBER: _ClassVar[int]
    SECONDS_LEFT_FIELD_NUMBER: _ClassVar[int]
    stage: str
    epoch: int
    max_epochs: int
    step: int
    max_steps: int
    loss: float
    holdout_metrics: _containers.RepeatedCompositeFieldContainer[_model_pb2.Metric]
    seconds_left: float
    def __init__(self, stage: _Optional[str] = ..., epoch: _Optional[int] = ..., max_epochs: _Optional[int] = ..., step: _Optional[int] = ..., max_steps: _Optional[int] = ..., loss: _Optional[float] = ..., holdout_metrics: _Optional[_Iterable[_Union[_model_pb2.Metric, _Mapping]]] = ..., seconds_left: _Optional[float] = ...) -> None: ...

class TrainRequest(_message.Message):
    __slots__ = ("model", "event_log", "dataset_path", "mode", "base_version", "hyper_parameters", "promotion", "request_id")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    EVENT_LOG_FIELD_NUMBER: _ClassVar[int]
    DATASET_PATH_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    BASE_VERSION_FIELD_NUMBER: _ClassVar[int]
    HYPER_PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    PROMOTION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    model: str
    event_log: EventLogRange
    dataset_path: str
    mode: _model_pb2.TrainingMode
    base_version: int
    hyper_parameters: _hyper_parameters_pb2.HyperParameters
    promotion: _promotion_pb2.Promotion
    request_id: str
    def __init__(self, model: _Optional[str] = ..., event_log: _Optional[_Union[EventLogRange, _Mapping]] = ..., dataset_path: _Optional[str] = ..., mode: _Optional[_Union[_model_pb2.TrainingMode, str]] = ..., base_version: _Optional[int] = ..., hyper_parameters: _Optional[_Union[_hyper_parameters_pb2.HyperParameters, _Mapping]] = ..., promotion: _Optional[_Union[_promotion_pb2.Promotion, str]] = ..., request_id: _Optional[str] = ...) -> None: ...

class EventLogRange(_message.Message):
    __slots__ = ("start_time", "end_time")
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    def __init__(self, start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetTrainingRunRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListTrainingRunsRequest(_message.Message):
    __slots__ = ("model", "page_size", "page_token")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    model: str
    page_size: int
    page_token: str
    def __init__(self, model: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListTrainingRunsResponse(_message.Message):
    __slots__ = ("training_runs", "next_page_token")
    TRAINING_RUNS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    training_runs: _containers.RepeatedCompositeFieldContainer[TrainingRun]
    next_page_token: str
    def __init__(self, training_runs: _Optional[_Iterable[_Union[TrainingRun, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchTrainingRunRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class WatchTrainingRunResponse(_message.Message):
    __slots__ = ("training_run",)
    TRAINING_RUN_FIELD_NUMBER: _ClassVar[int]
    training_run: TrainingRun
    def __init__(self, training_run: _Optional[_Union[TrainingRun, _Mapping]] = ...) -> None: ...

class CancelTrainingRunRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...
