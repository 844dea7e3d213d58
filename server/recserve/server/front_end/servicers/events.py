"""EventService."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from recserve.server.event_log.following import LogFollowers, Piece
from recserve.server.events import LoggedEvent
from recserve.server.front_end.requests.tail import to_event_filter
from recserve.server.front_end.servicers.feature_values import to_message
from recserve.v1 import event_pb2, event_pb2_grpc, recommender_pb2

MESSAGE_BYTES = 1 << 20
"""A message is sent when it has grown so large: callers take 4 MiB unless they say otherwise."""


class EventServicer(event_pb2_grpc.EventServiceServicer):
    """The event log, for those who look on.

    Args:
        followers: Follow it.
    """

    def __init__(self, followers: LogFollowers) -> None:
        self._followers = followers

    async def TailEvents(
        self, request: event_pb2.TailEventsRequest, context: Any
    ) -> AsyncIterator[event_pb2.TailEventsResponse]:
        """Give events as they are stored."""
        after, wanted = to_event_filter(request)
        async for piece in self._followers.follow(after, wanted):
            for message in _messages(piece):
                yield message


def _messages(piece: Piece) -> Iterator[event_pb2.TailEventsResponse]:
    message, size = event_pb2.TailEventsResponse(), 0
    for logged in piece.events:
        event = _logged_event(logged)
        if size and size + event.ByteSize() > MESSAGE_BYTES:
            message.log_position = message.events[-1].log_position
            yield message
            message, size = event_pb2.TailEventsResponse(), 0
        message.events.append(event)
        size += event.ByteSize()
    message.log_position = piece.position
    yield message


def _logged_event(logged: LoggedEvent) -> event_pb2.LoggedEvent:
    event = logged.event
    message = recommender_pb2.Event(
        event_id=event.event_id,
        user_id=event.user_id,
        item_id=event.item_id,
        event_type=event.event_type,
        value=event.value,
        recommendation_id=event.recommendation_id,
        context={name: to_message(value) for name, value in event.context.items()},
    )
    message.event_time.FromMicroseconds(round(event.time * 1e6))
    return event_pb2.LoggedEvent(log_position=logged.position, event=message)
