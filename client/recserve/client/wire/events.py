"""Events, to and from messages."""

from recserve.client.event import Event, LoggedEvent
from recserve.client.recommendation import Answer
from recserve.client.wire.feature_values import context_messages, feature_values
from recserve.client.wire.identifiers import one_id
from recserve.client.wire.timestamps import moment_or_none, timestamp
from recserve.v1 import event_pb2, recommender_pb2


def event_message(event: Event) -> recommender_pb2.Event:
    """The message of an event.

    Raises:
        TypeError: A field has the wrong type.
        ValueError: A field cannot be sent.
    """
    moment = event.event_time
    return recommender_pb2.Event(
        event_id=one_id("event_id", event.event_id),
        user_id=one_id("user_id", event.user_id),
        item_id=one_id("item_id", event.item_id),
        event_type=one_id("event_type", event.event_type),
        value=event.value,
        event_time=None if moment is None else timestamp("event_time", moment),
        recommendation_id=_recommendation_id(event.recommendation),
        context=context_messages(event.context),
    )


def logged_event_from(message: event_pb2.LoggedEvent) -> LoggedEvent:
    """The logged event of a message."""
    event = message.event
    return LoggedEvent(
        message.log_position,
        Event(
            user_id=event.user_id,
            item_id=event.item_id,
            event_type=event.event_type,
            value=event.value if event.HasField("value") else None,
            event_time=moment_or_none(event.event_time, present=event.HasField("event_time")),
            recommendation=event.recommendation_id or None,
            context=feature_values(event.context),
            event_id=event.event_id,
        ),
    )


def _recommendation_id(recommendation: Answer | str | None) -> str:
    if isinstance(recommendation, Answer):
        return recommendation.recommendation_id
    return "" if recommendation is None else one_id("recommendation", recommendation)
