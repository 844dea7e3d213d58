"""Following what other processes write."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future

import pytest

from recserve.server.catalogue import InMemoryCatalogue, ItemRecord, SqlCatalogue
from recserve.server.database import open_database
from recserve.server.errors import Unavailable
from recserve.server.event_log import EventLog, InMemoryEventLog, LogTail, SqlEventLog
from recserve.server.events import LoggedEvent

from .conftest import MakeEvent

WAIT_SECONDS = 30


class Follower:
    """Takes what a tail hands over, and keeps its position."""

    def __init__(self) -> None:
        self.events: list[LoggedEvent] = []
        self.reads = 0
        self.catalogue_changes = 0
        self.position = 0

    def take(self, logged: Sequence[LoggedEvent]) -> "Future[None]":
        self.reads += 1
        self.events += logged
        self.position = logged[-1].position
        taken: Future[None] = Future()
        taken.set_result(None)
        return taken

    def on_catalogue_change(self) -> None:
        self.catalogue_changes += 1

    def tail(self, log: EventLog, catalogue: object, **options: object) -> LogTail:
        return LogTail(
            log,
            catalogue,  # type: ignore[arg-type]
            position=lambda: self.position,
            on_events=self.take,
            on_catalogue_change=self.on_catalogue_change,
            **options,  # type: ignore[arg-type]
        )


def test_a_look_hands_over_what_is_new_in_pieces_and_in_order(
    log: EventLog, event: MakeEvent
) -> None:
    follower = Follower()
    tail = follower.tail(log, InMemoryCatalogue(), max_events_per_read=2)
    log.append_groups([[event(f"{n}") for n in range(5)]])

    tail.look()
    tail.look()

    assert [each.position for each in follower.events] == [1, 2, 3, 4, 5]
    assert follower.reads == 3


def test_what_the_position_covers_is_not_read(log: EventLog, event: MakeEvent) -> None:
    follower = Follower()
    tail = follower.tail(log, InMemoryCatalogue())
    log.append_groups([[event(f"{n}") for n in range(5)]])
    follower.position = 3

    tail.look()

    assert [each.position for each in follower.events] == [4, 5]


def test_nothing_is_read_while_nothing_was_committed(event: MakeEvent) -> None:
    class CountingLog(InMemoryEventLog):
        reads = 0

        def after(self, position: int, limit: int) -> list[LoggedEvent]:
            self.reads += 1
            return super().after(position, limit)

    log = CountingLog()
    tail = Follower().tail(log, InMemoryCatalogue())
    tail.look()
    reads = log.reads
    tail.look()
    assert log.reads == reads

    log.append_groups([[event("a")]])
    tail.look()
    assert log.reads > reads


def test_another_process_is_followed_in_events_and_catalogue(
    database_url: str, event: MakeEvent
) -> None:
    ours, theirs = open_database(database_url), open_database(database_url)
    follower = Follower()
    tail = follower.tail(SqlEventLog(ours), SqlCatalogue(ours))
    tail.look()

    SqlEventLog(theirs).append_groups([[event("a")]])
    tail.look()
    assert [each.event.event_id for each in follower.events] == ["a"]
    assert follower.catalogue_changes == 0

    SqlCatalogue(theirs).put_items([ItemRecord("tea")])
    tail.look()
    tail.look()
    assert follower.catalogue_changes == 1
    ours.close()
    theirs.close()


def test_a_look_that_failed_is_made_again(event: MakeEvent) -> None:
    class FailingLog(InMemoryEventLog):
        broken = True

        def after(self, position: int, limit: int) -> list[LoggedEvent]:
            if self.broken:
                raise Unavailable("broken")
            return super().after(position, limit)

    log, follower = FailingLog(), Follower()
    log.append_groups([[event("a")]])
    tail = follower.tail(log, InMemoryCatalogue())
    with pytest.raises(Unavailable):
        tail.look()

    log.broken = False
    tail.look()
    assert len(follower.events) == 1


def test_the_thread_looks_when_nudged_and_ends_when_closed(event: MakeEvent) -> None:
    log, arrived = InMemoryEventLog(), threading.Event()

    class Waking(Follower):
        def take(self, logged: Sequence[LoggedEvent]) -> "Future[None]":
            taken = super().take(logged)
            arrived.set()
            return taken

    tail = Waking().tail(log, InMemoryCatalogue(), interval_seconds=3_600)
    tail.start()
    log.append_groups([[event("a")]])
    tail.nudge()
    assert arrived.wait(WAIT_SECONDS)
    tail.close()


def test_closing_does_not_wait_for_views_that_will_never_answer(event: MakeEvent) -> None:
    log, handed = InMemoryEventLog(), threading.Event()

    class Stuck(Follower):
        def take(self, logged: Sequence[LoggedEvent]) -> "Future[None]":
            super().take(logged)
            handed.set()
            return Future()

    log.append_groups([[event("a")]])
    tail = Stuck().tail(log, InMemoryCatalogue())
    tail.start()
    assert handed.wait(WAIT_SECONDS)
    closing = threading.Thread(target=tail.close, daemon=True)
    closing.start()
    closing.join(WAIT_SECONDS)
    assert not closing.is_alive()


def test_the_lag_is_the_time_since_the_views_had_everything(event: MakeEvent) -> None:
    class Away(InMemoryEventLog):
        away = False

        def data_version(self) -> int:
            if self.away:
                raise Unavailable("the database is away")
            return super().data_version()

    now = 100.0
    log, seen = Away(), list[float]()
    follower = Follower()
    tail = follower.tail(
        log,
        InMemoryCatalogue(),
        monotonic=lambda: now,
        interval_seconds=1.0,
        max_events_per_read=1,
        on_look=lambda: seen.append(tail.lag_seconds()),
    )
    tail.look()
    assert tail.lag_seconds() == 0.0
    now = 101.0
    assert tail.lag_seconds() == 0.0  # all that was known of is there
    log.append_groups([[event("a"), event("b")]])
    now = 103.0
    tail.look()
    assert seen[-1] == 3.0  # while it reads
    assert tail.lag_seconds() == 0.0
    log.away = True
    now = 104.0
    with pytest.raises(Unavailable):
        tail.look()
    now = 110.0
    assert tail.lag_seconds() == 7.0  # no look has come to its end for long
    log.away = False
    tail.look()
    assert tail.lag_seconds() == 0.0
