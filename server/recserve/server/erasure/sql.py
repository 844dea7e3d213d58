"""Erasing from a SQL database."""

import json
from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from recserve.server.database import Database
from recserve.server.database.tables import (
    ANSWERS,
    CATALOGUE_REVISION,
    COMPACTED_EVENTS,
    COMPACTED_IDS,
    COUNTERS,
    ERASURE_COUNT,
    ERASURES,
    EVENTS,
    USERS,
)
from recserve.server.erasure.interface import Erased, Past, Trained, receipt_id, versions_trained_on
from recserve.server.joining.ids import forget_joins, ids_of

_COUNT = select(COUNTERS.c.value).where(COUNTERS.c.name == ERASURE_COUNT)
_REVISION = select(COUNTERS.c.value).where(COUNTERS.c.name == CATALOGUE_REVISION)
TELL_SERVERS = (
    update(COUNTERS)
    .where(COUNTERS.c.name.in_((ERASURE_COUNT, CATALOGUE_REVISION)))
    .values(value=COUNTERS.c.value + 1)
)
"""Has every server read anew what it knows of users and of popularity."""


class SqlErasureLog:
    """An `ErasureLog` in a `Database`, which it shares with the event log.

    Args:
        database: The database; whoever opened it closes it.
        key: Secret of the deployment; all its replicas share it.
    """

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key

    def ids_of(self, user_id: str) -> Sequence[str]:
        """See `ErasureLog.ids_of`."""
        with self._database.reading(once=True) as connection:
            return ids_of(connection, user_id)

    def erase(self, user_id: str, trained: Sequence[Trained]) -> Erased:
        """See `ErasureLog.erase`."""
        receipt = receipt_id(self._key, user_id)
        with self._database.writing() as connection:
            user_ids = ids_of(connection, user_id)
            past, event_count = _past(connection, user_ids)
            versions = versions_trained_on(trained, past)
            for table in (EVENTS, COMPACTED_EVENTS, COMPACTED_IDS, USERS, ANSWERS):
                connection.execute(delete(table).where(table.c.user_id.in_(user_ids)))
            time = self._database.now(connection)
            for each in user_ids:  # whoever asks by another of them is told of the versions too
                connection.execute(
                    insert(ERASURES).values(
                        receipt_id=receipt_id(self._key, each),
                        erase_time=time,
                        event_count=event_count if each == user_id else 0,
                        model_versions=json.dumps(versions),
                    )
                )
            connection.execute(TELL_SERVERS)
            revision = int(connection.execute(_REVISION).scalar_one())
            named = _all_versions(connection, receipt)
        return Erased(receipt, event_count, named, time, revision, tuple(user_ids))

    def scrub(self, user_id: str) -> None:
        """See `ErasureLog.scrub`."""
        with self._database.reading(once=True) as connection:
            user_ids = ids_of(connection, user_id)
        for each in user_ids:
            self._database.scrub(each)
        if len(user_ids) == 1:
            return
        with self._database.writing() as connection:  # last: until here a repeated call finds all
            forget_joins(connection, user_ids)
        for each in user_ids:
            self._database.scrub(each)

    def count(self) -> int:
        """See `ErasureLog.count`."""
        with self._database.reading(once=True) as connection:
            return int(connection.execute(_COUNT).scalar_one())


def _past(connection: Connection, user_ids: Sequence[str]) -> tuple[list[Past], int]:
    """Where the events of a user are or were, and how many."""
    table = COMPACTED_EVENTS.c
    events = select(EVENTS.c.position, EVENTS.c.event_time).where(EVENTS.c.user_id.in_(user_ids))
    compacted = select(
        table.first_position, table.first_time, table.last_time, table.event_count
    ).where(table.user_id.in_(user_ids))
    past = [Past(position, at, at) for position, at in connection.execute(events)]
    count = len(past)
    for position, since, until, event_count in connection.execute(compacted):
        past.append(Past(position, since, until))
        count += event_count
    return past, count


def _all_versions(connection: Connection, receipt: str) -> tuple[str, ...]:
    """The versions of all erasures of a user: repeating one loses none."""
    query = select(ERASURES.c.model_versions).where(ERASURES.c.receipt_id == receipt)
    names = {name for text in connection.execute(query).scalars() for name in json.loads(text)}
    return tuple(sorted(names, key=lambda name: int(name.rpartition("/")[2])))
