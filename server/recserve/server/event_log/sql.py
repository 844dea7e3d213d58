"""An event log in a SQL database."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    bindparam,
    exists,
    insert,
    select,
    union,
    update,
)

from recserve.server.database import Database, Watch
from recserve.server.database.tables import (
    COMPACTED_EVENTS,
    COMPACTED_IDS,
    COUNTERS,
    EVENTS,
    LAST_POSITION,
    META,
    USER_JOINS,
)
from recserve.server.event_log.counting import positive_weights
from recserve.server.event_log.interface import Appended, ItemCounts, UserHistory
from recserve.server.event_log.rows import COLUMNS, from_row, to_row
from recserve.server.events import Event, LoggedEvent
from recserve.server.joining.ids import users_of
from recserve.server.schema import DeclaredSchema

MAX_IDS_PER_QUERY = 500

_IDS: BindParameter[Any] = bindparam("event_ids", expanding=True)
_KNOWN, _KNOWN_COMPACTED = (
    select(table.c.event_id, table.c.position).where(table.c.event_id.in_(_IDS))
    for table in (EVENTS, COMPACTED_IDS)
)
_SELDOM = select(
    exists(select(COMPACTED_IDS.c.position)).label("compacted"),
    exists(select(USER_JOINS.c.number)).label("joined"),
)
"""Whether there is anything to look events up in, which costs less than looking them up."""
_DRAW_POSITIONS = (
    update(COUNTERS)
    .where(COUNTERS.c.name == LAST_POSITION)
    .values(value=COUNTERS.c.value + bindparam("count"))
    .returning(COUNTERS.c.value)
)
_LAST_POSITION = select(COUNTERS.c.value).where(COUNTERS.c.name == LAST_POSITION)
_AFTER = (
    select(EVENTS)
    .where(EVENTS.c.position > bindparam("position"))
    .order_by(EVENTS.c.position)
    .limit(bindparam("count"))
)
_USER: BindParameter[Any] = bindparam("user")
_IGNORED: BindParameter[Any] = bindparam("ignored", expanding=True)
_OF_USER = (EVENTS.c.user_id == _USER, EVENTS.c.event_type.not_in(_IGNORED))
_NEWEST = (
    select(EVENTS)
    .where(*_OF_USER)
    .order_by(EVENTS.c.event_time.desc(), EVENTS.c.position.desc())
    .limit(bindparam("count"))
)
_ITEMS = union(
    *(
        select(table.c.item_id).where(table.c.user_id == _USER, table.c.event_type.not_in(_IGNORED))
        for table in (EVENTS, COMPACTED_EVENTS)
    )
)


class SqlEventLog:
    """An `EventLog` in a `Database`, which it shares with the catalogue.

    Args:
        database: The database; `close` closes it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def append_groups(self, groups: Sequence[Sequence[Event]]) -> list[Appended]:
        """See `EventLog.append_groups`."""
        with self._database.writing() as connection:
            there = connection.execute(_SELDOM).one()
            queries = (_KNOWN, _KNOWN_COMPACTED) if there.compacted else (_KNOWN,)
            known = _known_positions(connection, groups, queries)
            events = _new_events(groups, known)
            if there.joined:
                events = _as_users(connection, events)
            new = _number(connection, events)
            rows = [to_row(logged) for group in new for logged in group]
            if rows:
                self._database.insert_rows(connection, EVENTS, COLUMNS, rows)
            last_position = _last_position(connection)
        known.update({each.event.event_id: each.position for group in new for each in group})
        return [
            Appended(
                accepted=accepted,
                duplicate_count=len(group) - len(accepted),
                log_position=max((known[each.event_id] for each in group), default=last_position),
            )
            for group, accepted in zip(groups, new, strict=True)
        ]

    def history(
        self, user_id: str, limit: int, *, ignored_types: Collection[str] = ()
    ) -> UserHistory:
        """See `EventLog.history`."""
        parameters = {"user": user_id, "ignored": list(ignored_types), "count": limit}
        with self._database.reading() as connection:
            position = _last_position(connection)
            newest = connection.execute(_NEWEST, parameters).all()
            items = connection.execute(_ITEMS, parameters).scalars().all()
        return UserHistory(
            tuple(from_row(row) for row in reversed(newest)), frozenset(items), position
        )

    def after(self, position: int, limit: int) -> list[LoggedEvent]:
        """See `EventLog.after`."""
        with self._database.reading(once=True) as connection:
            rows = connection.execute(_AFTER, {"position": position, "count": limit})
            return [from_row(row) for row in rows]

    def last_position(self) -> int:
        """See `EventLog.last_position`."""
        with self._database.reading(once=True) as connection:
            return _last_position(connection)

    def item_counts(self, schema: DeclaredSchema) -> ItemCounts:
        """See `EventLog.item_counts`."""
        with self._database.reading() as connection:
            position = _last_position(connection)
            weights: Counter[str] = Counter()
            for query in positive_weights(schema):
                weights.update({row.item_id: row.weight for row in connection.execute(query)})
            return ItemCounts(dict(weights), position)

    def meta(self, key: str) -> str | None:
        """See `EventLog.meta`."""
        with self._database.reading(once=True) as connection:
            return _meta(connection, key)

    def set_meta(self, key: str, value: str) -> None:
        """See `EventLog.set_meta`."""
        with self._database.writing() as connection:
            changed = connection.execute(update(META).where(META.c.key == key).values(value=value))
            if not changed.rowcount:
                connection.execute(insert(META).values(key=key, value=value))

    def settle_meta(self, key: str, value: str) -> str:
        """See `EventLog.settle_meta`."""
        known = self.meta(key)  # seldom is there anything to write
        if known is not None:
            return known
        with self._database.writing() as connection:
            standing = _meta(connection, key)
            if standing is not None:
                return standing
            connection.execute(insert(META).values(key=key, value=value))
            return value

    def data_version(self) -> int:
        """See `EventLog.data_version`."""
        return self._database.data_version()

    def watch(self, on_change: Callable[[], None]) -> Watch | None:
        """See `EventLog.watch`."""
        return self._database.watch(on_change)

    def close(self) -> None:
        """See `EventLog.close`."""
        self._database.close()


def _known_positions(
    connection: Connection,
    groups: Sequence[Sequence[Event]],
    queries: Sequence[Select[tuple[str, int]]],
) -> dict[str, int]:
    """Returns the positions of those events whose ids are in the log already."""
    event_ids = [event.event_id for group in groups for event in group]
    known: dict[str, int] = {}
    for start in range(0, len(event_ids), MAX_IDS_PER_QUERY):
        some = event_ids[start : start + MAX_IDS_PER_QUERY]
        for query in queries:
            rows = connection.execute(query, {"event_ids": some})
            known |= {row.event_id: row.position for row in rows}
    return known


def _new_events(groups: Sequence[Sequence[Event]], known: Iterable[str]) -> list[list[Event]]:
    """Leaves out, of each group, what is known and what an earlier event of the call repeats."""
    taken = set(known)
    new: list[list[Event]] = []
    for group in groups:
        new.append([])
        for event in group:
            if event.event_id not in taken:
                taken.add(event.event_id)
                new[-1].append(event)
    return new


def _as_users(connection: Connection, groups: list[list[Event]]) -> list[list[Event]]:
    """Makes events of visitors those of the users that they were joined to."""
    user_ids = list({event.user_id for group in groups for event in group})
    users: dict[str, str] = {}
    for start in range(0, len(user_ids), MAX_IDS_PER_QUERY):
        users |= users_of(connection, user_ids[start : start + MAX_IDS_PER_QUERY])
    if not users:
        return groups
    return [
        [replace(event, user_id=users.get(event.user_id, event.user_id)) for event in group]
        for group in groups
    ]


def _number(connection: Connection, groups: list[list[Event]]) -> list[tuple[LoggedEvent, ...]]:
    """Gives the events the next positions."""
    needed = sum(len(group) for group in groups)
    if not needed:
        return [() for _ in groups]
    last = connection.execute(_DRAW_POSITIONS, {"count": needed}).scalar_one()
    positions = count(last - needed + 1)
    return [tuple(LoggedEvent(next(positions), event) for event in group) for group in groups]


def _last_position(connection: Connection) -> int:
    return int(connection.execute(_LAST_POSITION).scalar_one())


def _meta(connection: Connection, key: str) -> str | None:
    return connection.execute(select(META.c.value).where(META.c.key == key)).scalar()
