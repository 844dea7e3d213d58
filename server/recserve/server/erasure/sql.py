"""Erasing from a SQL database."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from recserve.server.database import Database
from recserve.server.database.tables import (
    ANSWERS,
    CATALOGUE_REVISION,
    COUNTERS,
    ERASURE_COUNT,
    ERASURES,
    EVENTS,
    USERS,
)
from recserve.server.erasure.interface import Erased, Trained, receipt_id, versions_trained_on

_COUNT = select(COUNTERS.c.value).where(COUNTERS.c.name == ERASURE_COUNT)
_REVISION = select(COUNTERS.c.value).where(COUNTERS.c.name == CATALOGUE_REVISION)
_RAISE = (
    update(COUNTERS)
    .where(COUNTERS.c.name.in_((ERASURE_COUNT, CATALOGUE_REVISION)))
    .values(value=COUNTERS.c.value + 1)
)


class SqlErasureLog:
    """An `ErasureLog` in a `Database`, which it shares with the event log.

    Args:
        database: The database; whoever opened it closes it.
        key: Secret of the deployment; all its replicas share it.
    """

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key

    def erase(self, user_id: str, trained: Sequence[Trained]) -> Erased:
        """See `ErasureLog.erase`."""
        receipt = receipt_id(self._key, user_id)
        with self._database.writing() as connection:
            of_user = select(EVENTS.c.position, EVENTS.c.event_time).where(
                EVENTS.c.user_id == user_id
            )
            events = [(row.position, row.event_time) for row in connection.execute(of_user)]
            versions = versions_trained_on(trained, events)
            for table in (EVENTS, USERS, ANSWERS):
                connection.execute(delete(table).where(table.c.user_id == user_id))
            time = self._database.now(connection)
            connection.execute(
                insert(ERASURES).values(
                    receipt_id=receipt,
                    erase_time=time,
                    event_count=len(events),
                    model_versions=json.dumps(versions),
                )
            )
            connection.execute(_RAISE)
            revision = int(connection.execute(_REVISION).scalar_one())
            named = _all_versions(connection, receipt)
        return Erased(receipt, len(events), named, time, revision)

    def scrub(self, user_id: str) -> None:
        """See `ErasureLog.scrub`."""
        self._database.scrub(user_id)

    def count(self) -> int:
        """See `ErasureLog.count`."""
        with self._database.reading(once=True) as connection:
            return int(connection.execute(_COUNT).scalar_one())


def _all_versions(connection: Connection, receipt: str) -> tuple[str, ...]:
    """The versions of all erasures of a user: repeating one loses none."""
    query = select(ERASURES.c.model_versions).where(ERASURES.c.receipt_id == receipt)
    names = {name for text in connection.execute(query).scalars() for name in json.loads(text)}
    return tuple(sorted(names, key=lambda name: int(name.rpartition("/")[2])))
