"""Events as rows of the database."""

from typing import Any

from sqlalchemy import Row

from recserve.server.events import Event, LoggedEvent
from recserve.server.schema.values import features_from_json, features_to_json


def to_row(logged: LoggedEvent) -> dict[str, object]:
    """Writes an event as a row."""
    event = logged.event
    return {
        "position": logged.position,
        "event_id": event.event_id,
        "user_id": event.user_id,
        "item_id": event.item_id,
        "event_type": event.event_type,
        "value": event.value,
        "event_time": event.time,
        "recommendation_id": event.recommendation_id,
        "context": features_to_json(event.context),
    }


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
