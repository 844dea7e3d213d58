"""Every event reaches the views once, whoever saw it first."""

import asyncio
from collections.abc import Sequence
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recserve.server.event_log import InMemoryEventLog, LogWriter
from recserve.server.events import Event, LoggedEvent
from recserve.server.profiles import LogFeed

from .conftest import MakeEvent


def logged(*positions: int) -> list[LoggedEvent]:
    return [
        LoggedEvent(each, Event(f"{each}", "ann", "tea", "click", None, 0.0)) for each in positions
    ]


class Recorder:
    """A view that records positions."""

    def __init__(self) -> None:
        self.positions: list[int] = []

    def apply(self, events: Sequence[LoggedEvent]) -> None:
        self.positions += [each.position for each in events]


async def test_an_event_seen_by_writer_and_tail_arrives_once() -> None:
    view = Recorder()
    feed = LogFeed(asyncio.get_running_loop(), 10, [view.apply])

    feed.committed(logged(11, 12))
    feed.tailed(logged(11, 12, 13))
    feed.committed(logged(13))
    feed.committed(logged(9, 10))

    assert view.positions == [11, 12, 13]
    assert feed.position == 13


async def test_an_own_event_does_not_hide_an_older_foreign_one() -> None:
    view = Recorder()
    feed = LogFeed(asyncio.get_running_loop(), 0, [view.apply])

    feed.committed(logged(2))
    assert (view.positions, feed.position) == ([2], 0)

    feed.tailed(logged(1, 2))
    assert (view.positions, feed.position) == ([2, 1], 2)


async def test_a_tail_that_knows_of_gaps_moves_the_position_past_them() -> None:
    feed = LogFeed(asyncio.get_running_loop(), 0, [])
    feed.committed(logged(8))

    feed.tailed(logged(1, 4, 7))  # the rest were erased

    assert feed.position == 8


@given(
    st.lists(st.booleans(), min_size=1, max_size=30),
    st.lists(st.tuples(st.booleans(), st.integers(1, 10)), max_size=30),
)
def test_any_interleaving_of_writer_and_tail_passes_every_event_on_once(
    is_own: list[bool], moves: list[tuple[bool, int]]
) -> None:
    own = [position for position, each in enumerate(is_own, 1) if each]
    view = Recorder()
    with closing(asyncio.new_event_loop()) as loop:
        feed = LogFeed(loop, 0, [view.apply])
        for from_writer, count in [*moves, (True, 30), (False, 30)]:
            if from_writer:
                feed.committed(logged(*own[:count]))
                own = own[count:]
            else:
                end = min(feed.position + count, len(is_own))
                feed.tailed(logged(*range(feed.position + 1, end + 1)))
        assert feed.position == len(is_own)

    assert sorted(view.positions) == list(range(1, len(is_own) + 1))


async def test_who_waits_for_a_position_is_woken_when_it_is_reached() -> None:
    feed = LogFeed(asyncio.get_running_loop(), 1, [])
    await feed.reached(1)
    waiting = [asyncio.ensure_future(feed.reached(position)) for position in (3, 2, 2)]
    await asyncio.sleep(0)
    waiting[2].cancel()

    feed.committed(logged(2))
    await waiting[1]
    assert not waiting[0].done()

    feed.committed(logged(3))
    await waiting[0]


async def test_who_gave_up_waiting_leaves_nothing_behind() -> None:
    feed = LogFeed(asyncio.get_running_loop(), 0, [])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await feed.reached(10**12)

    assert not feed._waiters


async def test_a_view_is_up_to_date_when_the_writers_future_reaches_the_loop(
    event: MakeEvent,
) -> None:
    view = Recorder()
    feed = LogFeed(asyncio.get_running_loop(), 0, [view.apply])
    writer = LogWriter(InMemoryEventLog(), feed.from_writer)
    writer.start()
    for number in range(1, 101):
        appended = await asyncio.wrap_future(writer.submit([event(f"{number}")]))
        assert view.positions[-1] == appended.log_position == number
    writer.close()


async def test_the_tail_learns_when_its_events_are_taken() -> None:
    view = Recorder()
    feed = LogFeed(asyncio.get_running_loop(), 0, [view.apply])

    await asyncio.wrap_future(await asyncio.to_thread(feed.from_tail, logged(1, 2)))

    assert view.positions == [1, 2]


async def test_events_that_a_closed_tail_took_back_are_left_to_the_next_one() -> None:
    view = Recorder()
    feed = LogFeed(asyncio.get_running_loop(), 0, [view.apply])

    assert feed.from_tail(logged(1)).cancel()
    await asyncio.sleep(0)

    assert (view.positions, feed.position) == ([], 0)


async def test_the_tail_learns_of_a_view_that_fails() -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    feed = LogFeed(asyncio.get_running_loop(), 0, [fail])
    taken = await asyncio.to_thread(feed.from_tail, logged(1))

    with pytest.raises(ZeroDivisionError):
        await asyncio.wrap_future(taken)
