"""Events as rows of the database."""

from typing import Any

from sqlalchemy import Row

from recserve.server.events import Event, LoggedEvent
from recserve.server.schema.values import features_from_json, features_to_json

COLUMNS = (
    *("position", "event_id", "user_id", "item_id", "event_type", "value", "event_time"),
    *("recommendation_id", "context"),
)


def to_row(logged: LoggedEvent) -> tuple[object, ...]:
    """Writes an event as a row of `COLUMNS`."""
    event = logged.event
    return (
        logged.position,
        event.event_id,
        event.user_id,
        event.item_id,
        event.event_type,
        event.value,
        event.time,
        event.recommendation_id,
        features_to_json(event.context),
    )


def from_row(row: Row[Any]) -> LoggedEvent:
    """Reads what `to_row` wrote."""
    event = Event(
        event_id=row.event_id,
        user_id=row.user_id,
        item_id=row.item_id,
        event_type=row.event_type,
        value=row.value,
        time=row.event_time,
        recommendation_id=row.recommendation_id,
        context=features_from_json(row.context),
    )
    return LoggedEvent(row.position, event)
