"""The queries that count positive events per item."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, case, false, func, literal, or_, select

from recserve.server.database.tables import COMPACTED_EVENTS, EVENTS
from recserve.server.schema import DeclaredEventType, DeclaredSchema
from recserve.v1 import schema_pb2


def positive_weights(schema: DeclaredSchema) -> tuple[Select[Any], Select[Any]]:
    """Two queries, whose sums add up: of the events, and of those that were compacted.

    Each selects `item_id` and `weight`, the sum of the weights of its positive events. A
    compacted event counts as if its value were that of the last one of its row.
    """
    return _weights(schema, EVENTS, 1), _weights(
        schema, COMPACTED_EVENTS, COMPACTED_EVENTS.c.event_count
    )


def _weights(
    schema: DeclaredSchema, table: Table, event_count: ColumnElement[int] | int
) -> Select[Any]:
    positive = [
        each for each in schema.event_types if each.polarity == schema_pb2.POLARITY_POSITIVE
    ]
    counted = [_is_positive(each, table) for each in positive]
    weights = [(table.c.event_type == each.name, each.weight) for each in positive]
    if schema.is_open:
        declared = [each.name for each in schema.event_types]
        counted.append(table.c.event_type.not_in(declared))
    weight = case(*weights, else_=1.0) if weights else literal(1.0)
    return (
        select(table.c.item_id, func.sum(weight * event_count).label("weight"))
        .where(or_(false(), *counted))
        .group_by(table.c.item_id)
    )


def _is_positive(event_type: DeclaredEventType, table: Table) -> ColumnElement[bool]:
    of_type = table.c.event_type == event_type.name
    if event_type.positive_at_least is None:
        return of_type
    high = or_(table.c.value.is_(None), table.c.value >= event_type.positive_at_least)
    return and_(of_type, high)
