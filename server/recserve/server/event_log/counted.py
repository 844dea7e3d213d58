"""The rows that stand for compacted events."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, case

from recserve.server.database import Database
from recserve.server.database.tables import COMPACTED_EVENTS


def add_counted(database: Database, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Add rows of `COMPACTED_EVENTS`, at least one, to those that are there already.

    Args:
        database: The connection's.
        connection: In a transaction.
        rows: All columns of each, by name.
    """
    table = COMPACTED_EVENTS.c
    adding = database.insert(COMPACTED_EVENTS)
    more = adding.excluded
    adding = adding.on_conflict_do_update(
        index_elements=[table.user_id, table.item_id, table.event_type],
        set_={
            "event_count": table.event_count + more.event_count,
            "value": more.value,
            "first_position": _lower(table.first_position, more.first_position),
            "first_time": _lower(table.first_time, more.first_time),
            "last_time": case(
                (table.last_time > more.last_time, table.last_time), else_=more.last_time
            ),
        },
    )
    connection.execute(adding, rows)


def _lower(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((one < other, one), else_=other)
