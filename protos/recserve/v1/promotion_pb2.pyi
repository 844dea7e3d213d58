from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Promotion(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROMOTION_UNSPECIFIED: _ClassVar[Promotion]
    PROMOTION_IF_BETTER: _ClassVar[Promotion]
    PROMOTION_ALWAYS: _ClassVar[Promotion]
    PROMOTION_NEVER: _ClassVar[Promotion]
    PROMOTION_CANARY: _ClassVar[Promotion]
PROMOTION_UNSPECIFIED: Promotion
PROMOTION_IF_BETTER: Promotion
PROMOTION_ALWAYS: Promotion
PROMOTION_NEVER: Promotion
PROMOTION_CANARY: Promotion

class PromotionMargins(_message.Message):
    __slots__ = ("stable", "baseline")
    STABLE_FIELD_NUMBER: _ClassVar[int]
    BASELINE_FIELD_NUMBER: _ClassVar[int]
    stable: float
    baseline: float
    def __init__(self, stable: _Optional[float] = ..., baseline: _Optional[float] = ...) -> None: ...
