from recserve.v1 import recommender_pb2 as _recommender_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TailEventsRequest(_message.Message):
    __slots__ = ("after_position", "event_types", "user_id", "item_id")
    AFTER_POSITION_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPES_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    ITEM_ID_FIELD_NUMBER: _ClassVar[int]
    after_position: int
    event_types: _containers.RepeatedScalarFieldContainer[str]
    user_id: str
    item_id: str
    def __init__(self, after_position: _Optional[int] = ..., event_types: _Optional[_Iterable[str]] = ..., user_id: _Optional[str] = ..., item_id: _Optional[str] = ...) -> None: ...

class TailEventsResponse(_message.Message):
    __slots__ = ("events", "log_position")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    LOG_POSITION_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[LoggedEvent]
    log_position: int
    def __init__(self, events: _Optional[_Iterable[_Union[LoggedEvent, _Mapping]]] = ..., log_position: _Optional[int] = ...) -> None: ...

class LoggedEvent(_message.Message):
    __slots__ = ("log_position", "event")
    LOG_POSITION_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    log_position: int
    event: _recommender_pb2.Event
    def __init__(self, log_position: _Optional[int] = ..., event: _Optional[_Union[_recommender_pb2.Event, _Mapping]] = ...) -> None: ...
