"""Compacts old events: what each user did with each item stays, when and how goes."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    delete,
    func,
    select,
)

from recserve.server.database import Database
from recserve.server.database.tables import COMPACTED_IDS, EVENTS, META
from recserve.server.erasure.sql import TELL_SERVERS
from recserve.server.event_log.counted import add_counted

EVENT_ID_DAYS = 30.0
"""How long the id of a compacted event is known, so that a repeated one is a duplicate."""
ROWS_PER_COMMIT = 1_000
POSITIONS_PER_READ = 20_000
"""Bounds how long a read lasts: on SQLite a long one holds the scrub of an erasure up."""
PAUSE_FACTOR = 2.0
"""Between two transactions: this many times what the last one took is left to other writers."""
DAY_SECONDS = 86_400.0

_UNTOLD = "compaction_untold"
"""The `meta` key that is there while servers have not been told of what a pass has compacted."""
_ID_COLUMNS = ("position", "event_id", "user_id", "compact_time")

OnProgress = Callable[[float], None]
"""Is told how much of the log has been looked at, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a pass did.

    Attributes:
        event_count: Events compacted.
        forgotten_id_count: Ids of events compacted long ago that were forgotten.
        is_complete: Whether it came to the end of the log.
    """

    event_count: int
    forgotten_id_count: int
    is_complete: bool


class Compaction:
    """Takes old events out of the log of a `Database`.

    For each user, item and event type one row stays in their place, with the number of events:
    what profiles leave out as seen, and what popularity counts. Each transaction moves a few
    events whole, so a kill at any moment leaves every event either in the log or counted in
    its row, and the next pass goes on. Several passes may run side by side.

    Args:
        database: The database of the event log.
        clock: Seconds since the Unix epoch.
        monotonic: Measures what a transaction takes, in seconds.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._monotonic = monotonic

    def run(
        self,
        days: float,
        *,
        pause: Callable[[float], bool],
        on_progress: OnProgress = lambda _done: None,
    ) -> Compacted:
        """Compact events whose time is more than some days ago, in one pass over the log.

        Args:
            days: Events that are younger stay as they are.
            pause: Waits for some seconds; True ends the pass, such as when a server stops.
            on_progress: Is told how far the pass is.

        Raises:
            Overloaded: The disk is full, or another process writes for too long.
            Unavailable: The database fails. The next pass goes on.
        """
        now = self._clock()
        old = EVENTS.c.event_time < now - days * DAY_SECONDS
        expired = COMPACTED_IDS.c.compact_time < now - EVENT_ID_DAYS * DAY_SECONDS
        events, is_complete = self._each(
            EVENTS, old, lambda due: self._compact(due, old, now), pause, on_progress
        )
        ids = 0
        if is_complete:
            ids, is_complete = self._each(
                COMPACTED_IDS, expired, lambda due: self._forget(due, expired), pause
            )
        self._tell_servers()
        return Compacted(events, ids, is_complete)

    def _each(
        self,
        table: Table,
        condition: ColumnElement[bool],
        work: Callable[[Sequence[int]], int],
        pause: Callable[[float], bool],
        on_progress: OnProgress = lambda _done: None,
    ) -> tuple[int, bool]:
        """Work on the rows that a condition holds for; returns how many, and if it is through."""
        count = 0
        for due in self._due(table, condition, on_progress):
            begun = self._monotonic()
            count += work(due)
            if pause(PAUSE_FACTOR * (self._monotonic() - begun)):
                return count, False
        return count, True

    def _due(
        self, table: Table, condition: ColumnElement[bool], on_progress: OnProgress
    ) -> Iterator[Sequence[int]]:
        """Gives the positions of rows, a transaction's worth at a time."""
        position = table.c.position
        with self._database.reading(once=True) as connection:
            first, last = connection.execute(select(func.min(position), func.max(position))).one()
        begin = first
        while begin is not None and begin <= last:
            span = and_(position >= begin, position < begin + POSITIONS_PER_READ)
            found = select(position).where(span, condition).order_by(position)
            following = select(func.min(position)).where(position >= begin + POSITIONS_PER_READ)
            with self._database.reading(once=True) as connection:
                due = connection.execute(found).scalars().all()
                begin = connection.execute(following).scalar_one()
            for start in range(0, len(due), ROWS_PER_COMMIT):
                yield due[start : start + ROWS_PER_COMMIT]
            reached = last if begin is None else min(begin, last)
            on_progress((reached - first + 1) / (last - first + 1))

    def _compact(self, due: Sequence[int], old: ColumnElement[bool], now: float) -> int:
        chosen = and_(EVENTS.c.position.between(due[0], due[-1]), old)
        with self._database.writing() as connection:
            # Read again: a user may have been erased since, or another pass been faster.
            rows = connection.execute(select(EVENTS).where(chosen).order_by(EVENTS.c.position))
            events = rows.all()
            if not events:
                return 0
            self._count_in(connection, events)
            ids = [(row.position, row.event_id, row.user_id, now) for row in events]
            self._database.insert_rows(connection, COMPACTED_IDS, _ID_COLUMNS, ids)
            connection.execute(delete(EVENTS).where(chosen))
            untold = self._database.insert(META).values(key=_UNTOLD, value="")
            connection.execute(untold.on_conflict_do_nothing())
        return len(events)

    def _count_in(self, connection: Connection, events: Sequence[Row[Any]]) -> None:
        rows: dict[tuple[str, str, str], dict[str, Any]] = {}
        for event in events:
            key = (event.user_id, event.item_id, event.event_type)
            row = rows.setdefault(
                key,
                {
                    "user_id": event.user_id,
                    "item_id": event.item_id,
                    "event_type": event.event_type,
                    "event_count": 0,
                    "first_position": event.position,
                    "first_time": event.event_time,
                    "last_time": event.event_time,
                },
            )
            row["event_count"] += 1
            row["value"] = event.value
            row["first_time"] = min(row["first_time"], event.event_time)
            row["last_time"] = max(row["last_time"], event.event_time)
        add_counted(self._database, connection, [rows[key] for key in sorted(rows)])

    def _forget(self, due: Sequence[int], expired: ColumnElement[bool]) -> int:
        chosen = and_(COMPACTED_IDS.c.position.between(due[0], due[-1]), expired)
        with self._database.writing() as connection:
            return int(connection.execute(delete(COMPACTED_IDS).where(chosen)).rowcount)

    def _tell_servers(self) -> None:
        """Have servers read anew what they know of users, also after a pass that was cut off."""
        untold = META.c.key == _UNTOLD
        with self._database.reading(once=True) as connection:
            if connection.execute(select(META.c.key).where(untold)).first() is None:
                return
        with self._database.writing() as connection:
            if connection.execute(delete(META).where(untold)).rowcount:
                connection.execute(TELL_SERVERS)
