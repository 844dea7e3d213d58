"""Joining in a SQL database."""

from sqlalchemy import Connection, delete, exists, select, update

from recserve.server.database import Database
from recserve.server.database.tables import (
    ANSWERS,
    CATALOGUE_REVISION,
    COUNTERS,
    EVENTS,
    USERS,
)
from recserve.server.joining.interface import Joined

_RAISE = (
    update(COUNTERS)
    .where(COUNTERS.c.name == CATALOGUE_REVISION)
    .values(value=COUNTERS.c.value + 1)
    .returning(COUNTERS.c.value)
)


class SqlUserJoiner:
    """A `UserJoiner` in a `Database`, which it shares with the event log.

    Args:
        database: The database; whoever opened it closes it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def join(self, visitor_id: str, user_id: str) -> Joined:
        """See `UserJoiner.join`."""
        with self._database.writing() as connection:
            moved = {
                table.name: connection.execute(
                    update(table).where(table.c.user_id == visitor_id).values(user_id=user_id)
                ).rowcount
                for table in (EVENTS, ANSWERS)
            }
            _move_features(connection, visitor_id, user_id)
            revision = int(connection.execute(_RAISE).scalar_one())
        return Joined(moved[EVENTS.name], revision)


def _move_features(connection: Connection, visitor_id: str, user_id: str) -> None:
    of_visitor = USERS.c.user_id == visitor_id
    if connection.execute(select(exists().where(USERS.c.user_id == user_id))).scalar_one():
        connection.execute(delete(USERS).where(of_visitor))
    else:
        connection.execute(update(USERS).where(of_visitor).values(user_id=user_id))
