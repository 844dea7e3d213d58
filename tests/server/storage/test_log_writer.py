"""Group commit: order, refusal, failure, end."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError

import pytest

from recserve.server.errors import Overloaded, Unavailable
from recserve.server.event_log import Appended, EventLog, InMemoryEventLog, LogWriter
from recserve.server.events import Event, LoggedEvent

from .conftest import MakeEvent

WAIT_SECONDS = 30


class GatedLog(InMemoryEventLog):
    """A log whose appends wait for the test, and fail when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)
        self.calls: list[list[str]] = []
        self.failure: Exception | None = None

    def append_groups(self, groups: Sequence[Sequence[Event]]) -> list[Appended]:
        self.calls.append([each.event_id for group in groups for each in group])
        self.entered.release()
        assert self.gate.acquire(timeout=WAIT_SECONDS)
        if self.failure is not None:
            raise self.failure
        return super().append_groups(groups)


@pytest.fixture
def gated() -> GatedLog:
    return GatedLog()


@pytest.fixture
def told() -> list[LoggedEvent]:
    """What `on_commit` was told."""
    return []


@pytest.fixture
def writer(gated: GatedLog, told: list[LoggedEvent]) -> Iterator[LogWriter]:
    log_writer = LogWriter(gated, told.extend, max_queued_events=5, max_events_per_commit=3)
    log_writer.start()
    yield log_writer
    gated.gate.release(100)
    log_writer.close(drain=False)


def occupy(writer: LogWriter, gated: GatedLog, event: MakeEvent) -> None:
    """Keeps the writer busy with one event, so that what follows waits."""
    writer.submit([event("first")])
    assert gated.entered.acquire(timeout=WAIT_SECONDS)


def test_a_future_resolves_with_what_became_of_its_group(log: EventLog, event: MakeEvent) -> None:
    told: list[LoggedEvent] = []
    writer = LogWriter(log, told.extend)
    writer.start()

    first = writer.submit([event("a"), event("b")]).result(WAIT_SECONDS)
    second = writer.submit([event("b"), event("c")]).result(WAIT_SECONDS)
    empty = writer.submit([]).result(WAIT_SECONDS)
    writer.close()

    assert (first.accepted_count, first.duplicate_count, first.log_position) == (2, 0, 2)
    assert (second.accepted_count, second.duplicate_count, second.log_position) == (1, 1, 3)
    assert empty.log_position == 3
    assert [(each.position, each.event.event_id) for each in told] == [
        (1, "a"),
        (2, "b"),
        (3, "c"),
    ]


def test_groups_that_wait_share_a_transaction_up_to_its_bound(
    writer: LogWriter, gated: GatedLog, event: MakeEvent
) -> None:
    occupy(writer, gated, event)
    waiting = [writer.submit([event("a"), event("b")]), writer.submit([event("c")])]
    waiting.append(writer.submit([event("d"), event("e")]))
    assert writer.queued_events == 5
    gated.gate.release(10)

    positions = [each.result(WAIT_SECONDS).log_position for each in waiting]

    assert gated.calls == [["first"], ["a", "b", "c"], ["d", "e"]]
    assert positions == [3, 4, 6]


def test_a_group_larger_than_a_transaction_is_still_stored_at_once(
    writer: LogWriter, gated: GatedLog, event: MakeEvent
) -> None:
    gated.gate.release(10)

    stored = writer.submit([event(f"{n}") for n in range(5)]).result(WAIT_SECONDS)

    assert stored.accepted_count == 5
    assert len(gated.calls) == 1


def test_a_full_queue_refuses_at_once_and_takes_again_when_there_is_room(
    writer: LogWriter, gated: GatedLog, event: MakeEvent
) -> None:
    occupy(writer, gated, event)
    waiting = writer.submit([event(f"{n}") for n in range(5)])

    with pytest.raises(Overloaded) as full:
        writer.submit([event("x")])
    assert full.value.reason == "EVENT_QUEUE_FULL"
    assert full.value.retry_after_seconds > 0

    gated.gate.release(10)
    waiting.result(WAIT_SECONDS)
    assert writer.submit([event("x")]).result(WAIT_SECONDS).accepted_count == 1


def test_views_are_told_before_the_future_resolves(event: MakeEvent) -> None:
    order: list[str] = []
    writer = LogWriter(InMemoryEventLog(), lambda _: order.append("views"))
    future = writer.submit([event("a")])
    future.add_done_callback(lambda _: order.append("answer"))
    writer.start()
    future.result(WAIT_SECONDS)
    writer.close()

    assert order == ["views", "answer"]


def test_the_futures_of_a_transaction_are_handed_over_together(
    gated: GatedLog, event: MakeEvent
) -> None:
    delivered: list[Callable[[], None]] = []
    writer = LogWriter(gated, lambda _: None, max_events_per_commit=3, deliver=delivered.append)
    writer.start()
    occupy(writer, gated, event)
    futures = [writer.submit([event(each)]) for each in "abcd"]
    gated.gate.release(2)
    for _ in range(2):
        assert gated.entered.acquire(timeout=WAIT_SECONDS)
    gated.failure = Unavailable("gone")
    gated.gate.release()
    writer.close()
    assert not any(future.done() for future in futures)
    first, second, third = delivered
    second()
    assert [future.done() for future in futures] == [True, True, True, False]
    third()
    assert isinstance(futures[3].exception(), Unavailable)
    first()


def test_duplicates_never_reach_the_views(
    writer: LogWriter, gated: GatedLog, told: list[LoggedEvent], event: MakeEvent
) -> None:
    occupy(writer, gated, event)
    twice = [writer.submit([event("a")]), writer.submit([event("a"), event("first")])]
    gated.gate.release(10)
    results = [each.result(WAIT_SECONDS) for each in twice]

    assert [each.duplicate_count for each in results] == [0, 2]
    assert [each.event.event_id for each in told] == ["first", "a"]


def test_a_view_that_fails_does_not_unstore_the_events(
    event: MakeEvent, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    writer = LogWriter(InMemoryEventLog(), fail)
    writer.start()

    assert writer.submit([event("a")]).result(WAIT_SECONDS).accepted_count == 1
    assert writer.submit([event("b")]).result(WAIT_SECONDS).accepted_count == 1
    writer.close()
    assert "views were not told of 1 new events" in caplog.text


def test_a_failed_transaction_fails_every_group_in_it_and_the_next_one_works(
    writer: LogWriter, gated: GatedLog, told: list[LoggedEvent], event: MakeEvent
) -> None:
    gated.failure = Unavailable("broken", reason="EVENT_LOG_UNAVAILABLE")
    occupy(writer, gated, event)
    first, second = writer.submit([event("a")]), writer.submit([event("b")])
    gated.gate.release(2)
    for future in (first, second):
        assert future.exception(WAIT_SECONDS) is gated.failure
    assert told == []

    gated.failure = None
    gated.gate.release(10)
    assert writer.submit([event("a")]).result(WAIT_SECONDS).accepted_count == 1


def test_a_group_that_is_cancelled_while_it_waits_is_not_stored(
    writer: LogWriter, gated: GatedLog, event: MakeEvent
) -> None:
    occupy(writer, gated, event)
    gone, other = writer.submit([event("gone")]), writer.submit([event("other")])
    assert gone.cancel()
    gated.gate.release(10)
    other.result(WAIT_SECONDS)

    with pytest.raises(CancelledError):
        gone.result(WAIT_SECONDS)
    assert gated.calls == [["first"], ["other"]]


def test_closing_writes_what_waits(writer: LogWriter, gated: GatedLog, event: MakeEvent) -> None:
    occupy(writer, gated, event)
    waiting = [writer.submit([event(name)]) for name in "abcd"]
    gated.gate.release(10)
    writer.close()

    assert [each.result(0).log_position for each in waiting] == [2, 3, 4, 5]
    with pytest.raises(Unavailable, match="shutting down"):
        writer.submit([event("late")])


def test_closing_without_draining_fails_what_waits(
    writer: LogWriter, gated: GatedLog, event: MakeEvent
) -> None:
    occupy(writer, gated, event)
    waiting = writer.submit([event("a")])
    gated.gate.release(10)
    closing = threading.Thread(target=lambda: writer.close(drain=False))
    closing.start()
    closing.join(WAIT_SECONDS)

    failure = waiting.exception(WAIT_SECONDS)
    stored = [each.event.event_id for each in gated.after(0, 9)]
    # The race between the close and the writer's next look decides which; never both.
    assert (failure is None) == ("a" in stored)


def test_closing_a_writer_that_never_started_fails_what_waits(event: MakeEvent) -> None:
    writer = LogWriter(InMemoryEventLog(), lambda _: None)
    waiting = writer.submit([event("a")])
    writer.close()

    assert isinstance(waiting.exception(0), Unavailable)
