from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class HyperParameters(_message.Message):
    __slots__ = ("hidden_layers", "embedding_width", "history_length", "candidate_count", "learning_rate", "batch_size", "max_epochs", "patience", "dropout", "l2", "negatives_per_positive", "holdout_share", "seed")
    HIDDEN_LAYERS_FIELD_NUMBER: _ClassVar[int]
    EMBEDDING_WIDTH_FIELD_NUMBER: _ClassVar[int]
    HISTORY_LENGTH_FIELD_NUMBER: _ClassVar[int]
    CANDIDATE_COUNT_FIELD_NUMBER: _ClassVar[int]
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    MAX_EPOCHS_FIELD_NUMBER: _ClassVar[int]
    PATIENCE_FIELD_NUMBER: _ClassVar[int]
    DROPOUT_FIELD_NUMBER: _ClassVar[int]
    L2_FIELD_NUMBER: _ClassVar[int]
    NEGATIVES_PER_POSITIVE_FIELD_NUMBER: _ClassVar[int]
    HOLDOUT_SHARE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    hidden_layers: _containers.RepeatedScalarFieldContainer[int]
    embedding_width: int
    history_length: int
    candidate_count: int
    learning_rate: float
    batch_size: int
    max_epochs: int
    patience: int
    dropout: float
    l2: float
    negatives_per_positive: int
    holdout_share: float
    seed: int
    def __init__(self, hidden_layers: _Optional[_Iterable[int]] = ..., embedding_width: _Optional[int] = ..., history_length: _Optional[int] = ..., candidate_count: _Optional[int] = ..., learning_rate: _Optional[float] = ..., batch_size: _Optional[int] = ..., max_epochs: _Optional[int] = ..., patience: _Optional[int] = ..., dropout: _Optional[float] = ..., l2: _Optional[float] = ..., negatives_per_positive: _Optional[int] = ..., holdout_share: _Optional[float] = ..., seed: _Optional[int] = ...) -> None: ...
