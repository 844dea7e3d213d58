"""Joins in a SQL database."""

from sqlalchemy import Connection, delete, func, insert, select, update

from recserve.server.database import Database
from recserve.server.database.tables import (
    ANSWERS,
    COMPACTED_EVENTS,
    COMPACTED_IDS,
    COUNTERS,
    EVENTS,
    JOIN_COUNT,
    USER_JOINS,
    USERS,
)
from recserve.server.event_log.counted import add_counted
from recserve.server.joining.ids import user_of
from recserve.server.joining.interface import Joined, JoinedPair, check_joinable, check_size

_DRAW = (
    update(COUNTERS)
    .where(COUNTERS.c.name == JOIN_COUNT)
    .values(value=COUNTERS.c.value + 1)
    .returning(COUNTERS.c.value)
)
_LAST = select(COUNTERS.c.value).where(COUNTERS.c.name == JOIN_COUNT)


class SqlUserJoins:
    """`UserJoins` in a `Database`, which it shares with the event log.

    Args:
        database: The database; whoever opened it closes it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def join(self, visitor_id: str, user_id: str) -> Joined:
        """See `UserJoins.join`."""
        with self._database.writing() as connection:
            known = user_of(connection, visitor_id)
            into = user_of(connection, user_id) or user_id
            check_joinable(visitor_id, into, known)
            if known is not None:
                return Joined(into, 0)
            of_visitor = EVENTS.c.user_id == visitor_id
            count = select(func.count()).select_from(EVENTS).where(of_visitor)
            check_size(int(connection.execute(count).scalar_one()))
            event_count = self._move(connection, visitor_id, into)
            number = connection.execute(_DRAW).scalar_one()
            earlier = update(USER_JOINS).where(USER_JOINS.c.user_id == visitor_id)
            connection.execute(earlier.values(user_id=into))
            row = {"number": number, "visitor_id": visitor_id, "user_id": into}
            connection.execute(insert(USER_JOINS).values(row))
        return Joined(into, event_count)

    def after(self, number: int) -> list[JoinedPair]:
        """See `UserJoins.after`."""
        query = select(USER_JOINS).where(USER_JOINS.c.number > number)
        with self._database.reading(once=True) as connection:
            rows = connection.execute(query.order_by(USER_JOINS.c.number))
            return [JoinedPair(row.number, row.visitor_id, row.user_id) for row in rows]

    def last(self) -> int:
        """See `UserJoins.last`."""
        with self._database.reading(once=True) as connection:
            return int(connection.execute(_LAST).scalar_one())

    def _move(self, connection: Connection, visitor_id: str, user_id: str) -> int:
        """Rewrite whose the rows are; returns how many events there are or were."""
        has_features = select(USERS.c.user_id).where(USERS.c.user_id == user_id)
        if connection.execute(has_features).first() is not None:
            connection.execute(delete(USERS).where(USERS.c.user_id == visitor_id))
        moved = {
            table: connection.execute(
                update(table).where(table.c.user_id == visitor_id).values(user_id=user_id)
            ).rowcount
            for table in (EVENTS, COMPACTED_IDS, ANSWERS, USERS)
        }
        return int(moved[EVENTS]) + self._move_compacted(connection, visitor_id, user_id)

    def _move_compacted(self, connection: Connection, visitor_id: str, user_id: str) -> int:
        of_visitor = COMPACTED_EVENTS.c.user_id == visitor_id
        found = connection.execute(select(COMPACTED_EVENTS).where(of_visitor)).mappings()
        rows = [{**row, "user_id": user_id} for row in found]
        if rows:
            add_counted(self._database, connection, rows)
            connection.execute(delete(COMPACTED_EVENTS).where(of_visitor))
        return sum(int(row["event_count"]) for row in rows)
