from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

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
