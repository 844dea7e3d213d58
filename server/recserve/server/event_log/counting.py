"""The query that counts positive events per item."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select

from recserve.server.database.tables import EVENTS
from recserve.server.schema import DeclaredEventType, DeclaredSchema
from recserve.v1 import schema_pb2


def positive_weights(schema: DeclaredSchema) -> Select[Any]:
    """Selects `item_id` and `weight`, the sum of the weights of its positive events."""
    positive = [
        each for each in schema.event_types if each.polarity == schema_pb2.POLARITY_POSITIVE
    ]
    counted = [_is_positive(each) for each in positive]
    weights = [(EVENTS.c.event_type == each.name, each.weight) for each in positive]
    if schema.is_open:
        declared = [each.name for each in schema.event_types]
        counted.append(EVENTS.c.event_type.not_in(declared))
    weight = case(*weights, else_=1.0) if weights else 1.0
    return (
        select(EVENTS.c.item_id, func.sum(weight).label("weight"))
        .where(or_(false(), *counted))
        .group_by(EVENTS.c.item_id)
    )


def _is_positive(event_type: DeclaredEventType) -> ColumnElement[bool]:
    of_type = EVENTS.c.event_type == event_type.name
    if event_type.positive_at_least is None:
        return of_type
    high = or_(EVENTS.c.value.is_(None), EVENTS.c.value >= event_type.positive_at_least)
    return and_(of_type, high)
