"""Profiles: views that are never behind what they were told, and never count twice."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recserve.server.catalogue import InMemoryCatalogue, UserRecord
from recserve.server.errors import Unavailable
from recserve.server.event_log import EventLog, InMemoryEventLog, UserHistory
from recserve.server.events import Event, LoggedEvent
from recserve.server.profiles import Profile, Profiles
from recserve.server.schema import DeclaredSchema, schema_from_json

from .conftest import MakeEvent

SCHEMA = schema_from_json(
    """{"event_types": [{"name": "click"},
                        {"name": "return", "polarity": "POLARITY_NEGATIVE"},
                        {"name": "impression", "polarity": "POLARITY_IMPRESSION"}]}"""
)


class ManualExecutor(Executor):
    """Runs what it is given when the test says, and hands the result over when it says."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Callable[[], Any]]] = []
        self.done: list[tuple[Future[Any], Any]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: fn(*args, **kwargs)))
        return future

    def run(self) -> None:
        self.done += [(future, work()) for future, work in self.waiting]
        self.waiting.clear()

    async def hand_over(self) -> None:
        for future, result in self.done:
            future.set_result(result)
        self.done.clear()
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
def executor() -> ManualExecutor:
    return ManualExecutor()


def history_of(profile: Profile) -> list[tuple[str, str]]:
    return [(each.item_id, each.event_type) for each in profile.history]


def append(log: EventLog, *events: Event) -> tuple[LoggedEvent, ...]:
    return log.append_groups([events])[0].accepted


async def test_a_profile_is_what_log_and_catalogue_know(
    log: EventLog, event: MakeEvent, schema: DeclaredSchema
) -> None:
    catalogue = InMemoryCatalogue()
    catalogue.put_users([UserRecord("ann", {"age": 30.0})])
    append(
        log,
        event("1", item_id="late", time=9.0),
        event("2", item_id="early", time=1.0, event_type="rating", value=4.5),
        event("3", item_id="back", time=5.0, event_type="return"),
        event("4", item_id="shown", time=6.0, event_type="impression"),
    )
    with ThreadPoolExecutor(1) as threads:
        profile = await Profiles(log, catalogue, schema, threads, history_length=2).get("ann")

    assert history_of(profile) == [("back", "return"), ("late", "click")]
    assert profile.history[0].time == 5.0
    assert profile.seen == {"late", "early", "back"}
    assert profile.features == {"age": 30.0}
    assert profile.position == 4
    assert profile.is_known


async def test_nothing_is_known_of_a_stranger(log: EventLog, schema: DeclaredSchema) -> None:
    with ThreadPoolExecutor(1) as threads:
        profile = await Profiles(log, InMemoryCatalogue(), schema, threads).get("nobody")

    assert profile == Profile("nobody")
    assert not profile.is_known


async def test_applied_events_are_in_the_next_answer_at_their_place_in_time(
    event: MakeEvent, schema: DeclaredSchema
) -> None:
    log = InMemoryEventLog()
    with ThreadPoolExecutor(1) as threads:
        profiles = Profiles(log, InMemoryCatalogue(), schema, threads, history_length=3)
        before = await profiles.get("ann")
        profiles.apply(append(log, event("1", item_id="b", time=20.0)))
        profiles.apply(
            append(
                log,
                event("2", item_id="c", time=30.0),
                event("3", item_id="a", time=10.0),
                event("4", item_id="shown", event_type="impression"),
                event("5", user_id="bob", item_id="other"),
            )
        )
        after = await profiles.get("ann")
        profiles.apply(append(log, event("6", item_id="old", time=5.0)))
        with_old = await profiles.get("ann")

    assert before == Profile("ann")
    assert [each.item_id for each in after.history] == ["a", "b", "c"]
    assert after.seen == {"a", "b", "c"}
    assert after.position == 3
    assert with_old.history == after.history
    assert with_old.seen == {"a", "b", "c", "old"}


async def test_callers_that_ask_at_once_share_one_read(
    executor: ManualExecutor, event: MakeEvent
) -> None:
    log = InMemoryEventLog()
    append(log, event("1"))
    profiles = Profiles(log, InMemoryCatalogue(), SCHEMA, executor)
    callers = [asyncio.ensure_future(profiles.get("ann")) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(executor.waiting) == 1

    callers[0].cancel()
    executor.run()
    await executor.hand_over()

    assert callers[0].cancelled()
    assert (await callers[1]) is (await callers[2])
    assert len(profiles) == 1


async def test_events_applied_during_a_read_are_neither_lost_nor_doubled(
    executor: ManualExecutor, event: MakeEvent
) -> None:
    log = InMemoryEventLog()
    profiles = Profiles(log, InMemoryCatalogue(), SCHEMA, executor)
    asking = asyncio.ensure_future(profiles.get("ann"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    in_snapshot = append(log, event("1", item_id="a", time=1.0))
    executor.run()
    behind_it = append(log, event("2", item_id="b", time=2.0))
    profiles.apply([*in_snapshot, *behind_it])
    await executor.hand_over()

    profile = await asking
    assert history_of(profile) == [("a", "click"), ("b", "click")]
    assert profile.position == 2


async def test_an_event_that_the_read_saw_but_is_applied_later_is_not_doubled(
    executor: ManualExecutor, event: MakeEvent
) -> None:
    log = InMemoryEventLog()
    profiles = Profiles(log, InMemoryCatalogue(), SCHEMA, executor)
    committed = append(log, event("1", item_id="a"))
    asking = asyncio.ensure_future(profiles.get("ann"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    executor.run()
    await executor.hand_over()
    profiles.apply(committed)

    assert history_of(await profiles.get("ann")) == history_of(await asking) == [("a", "click")]


async def test_the_least_recently_asked_for_are_forgotten_by_users(
    log: EventLog, schema: DeclaredSchema
) -> None:
    with ThreadPoolExecutor(1) as threads:
        profiles = Profiles(log, InMemoryCatalogue(), schema, threads, max_users=2)
        ann = await profiles.get("ann")
        await profiles.get("bob")
        assert (await profiles.get("ann")) is ann
        await profiles.get("cid")

        assert len(profiles) == 2
        assert (await profiles.get("ann")) is ann


async def test_the_least_recently_asked_for_are_forgotten_by_seen_items(
    log: EventLog, event: MakeEvent, schema: DeclaredSchema
) -> None:
    append(log, *(event(f"ann-{n}", "ann", f"i{n}") for n in range(4)))
    append(log, *(event(f"bob-{n}", "bob", f"i{n}") for n in range(4)))
    with ThreadPoolExecutor(1) as threads:
        profiles = Profiles(log, InMemoryCatalogue(), schema, threads, max_seen_items=9)
        await profiles.get("ann")
        await profiles.get("bob")
        assert (len(profiles), profiles.seen_items) == (2, 8)

        profiles.apply(append(log, *(event(f"more-{n}", "bob", f"j{n}") for n in range(20))))
        assert (len(profiles), profiles.seen_items) == (1, 24)
        assert len((await profiles.get("bob")).seen) == 24
        assert len((await profiles.get("ann")).seen) == 4


async def test_a_read_that_fails_fails_its_callers_and_the_next_one_reads_again(
    schema: DeclaredSchema, event: MakeEvent
) -> None:
    class FailingLog(InMemoryEventLog):
        broken = True

        def history(self, *args: Any, **options: Any) -> UserHistory:
            if self.broken:
                raise Unavailable("broken")
            return super().history(*args, **options)

    log = FailingLog()
    append(log, event("1"))
    with ThreadPoolExecutor(1) as threads:
        profiles = Profiles(log, InMemoryCatalogue(), schema, threads)
        with pytest.raises(Unavailable):
            await profiles.get("ann")
        log.broken = False
        assert (await profiles.get("ann")).seen == {"tea"}


async def test_a_read_under_way_is_not_kept_when_everything_is_forgotten(
    executor: ManualExecutor,
) -> None:
    catalogue = InMemoryCatalogue()
    profiles = Profiles(InMemoryEventLog(), catalogue, SCHEMA, executor)
    asking = asyncio.ensure_future(profiles.get("ann"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    executor.run()
    catalogue.put_users([UserRecord("ann", {"age": 30.0})])
    profiles.invalidate_all()
    again = asyncio.ensure_future(profiles.get("ann"))
    await executor.hand_over()
    executor.run()
    await executor.hand_over()

    assert (await asking).features == {}
    assert (await again).features == {"age": 30.0}
    assert (await profiles.get("ann")).features == {"age": 30.0}


async def test_one_users_profile_is_forgotten_and_no_other(
    executor: ManualExecutor, event: MakeEvent
) -> None:
    log, catalogue = InMemoryEventLog(), InMemoryCatalogue()
    append(log, event("1", "ann"), event("2", "bob"))
    with ThreadPoolExecutor(1) as threads:
        profiles = Profiles(log, catalogue, SCHEMA, threads)
        ann, bob = await profiles.get("ann"), await profiles.get("bob")
        catalogue.put_users([UserRecord("ann", {"age": 30.0})])
        profiles.invalidate(["ann", "nobody"])
        assert (len(profiles), profiles.seen_items) == (1, 1)
        assert (await profiles.get("ann")).features == {"age": 30.0}
        assert ann.features == {}
        assert (await profiles.get("bob")) is bob


async def test_a_read_under_way_is_not_kept_when_its_user_changes(
    executor: ManualExecutor,
) -> None:
    catalogue = InMemoryCatalogue()
    profiles = Profiles(InMemoryEventLog(), catalogue, SCHEMA, executor)
    asking = asyncio.ensure_future(profiles.get("ann"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    executor.run()
    catalogue.put_users([UserRecord("ann", {"age": 30.0})])
    profiles.invalidate(["ann"])
    again = asyncio.ensure_future(profiles.get("ann"))
    await executor.hand_over()
    executor.run()
    await executor.hand_over()
    assert (await asking).features == {}
    assert (await again).features == (await profiles.get("ann")).features == {"age": 30.0}


async def test_events_before_everything_was_forgotten_still_reach_who_waits(
    executor: ManualExecutor, event: MakeEvent
) -> None:
    log = InMemoryEventLog()
    profiles = Profiles(log, InMemoryCatalogue(), SCHEMA, executor)
    first = asyncio.ensure_future(profiles.get("ann"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    executor.run()
    profiles.apply(append(log, event("1")))  # and acknowledged: who asks now must see it
    second = asyncio.ensure_future(profiles.get("ann"))
    await asyncio.sleep(0)
    profiles.invalidate_all()
    await executor.hand_over()

    assert (await second).seen == (await first).seen == {"tea"}
    assert len(profiles) == 0


async def test_another_history_length_or_schema_reads_anew(log: EventLog, event: MakeEvent) -> None:
    append(
        log,
        event("1", item_id="a"),
        event("2", item_id="b"),
        event("3", item_id="c", event_type="impression"),
    )
    with ThreadPoolExecutor(1) as threads:
        profiles = Profiles(log, InMemoryCatalogue(), SCHEMA, threads, history_length=9)
        assert len((await profiles.get("ann")).history) == 2
        profiles.set_history_length(1)
        assert len((await profiles.get("ann")).history) == 1
        profiles.set_schema(schema_from_json("{}"))
        assert (await profiles.get("ann")).seen == {"a", "b", "c"}


USERS = st.sampled_from(["ann", "bob", "cid"])
MOVES = st.one_of(
    st.tuples(
        st.just("append"),
        USERS,
        st.sampled_from(["a", "b", "c", "d", "e", "f"]),
        st.integers(0, 5),
        st.sampled_from(["click", "return", "impression"]),
    ),
    st.tuples(st.just("apply"), st.integers(1, 3), st.booleans()),
    st.tuples(st.just("get"), USERS),
    st.just(("run",)),
    st.just(("hand over",)),
    st.just(("invalidate",)),
    st.tuples(st.just("forget"), USERS),
)


class World:
    """A log, profiles, and events between the two."""

    def __init__(self) -> None:
        self.log = InMemoryEventLog()
        self.executor = ManualExecutor()
        self.profiles = Profiles(
            self.log,
            InMemoryCatalogue(),
            SCHEMA,
            self.executor,
            history_length=3,
            max_users=2,
            max_seen_items=6,
        )
        self.under_way: list[LoggedEvent] = []
        self.callers: list[asyncio.Future[Profile]] = []

    async def move(self, name: str, *arguments: Any) -> None:
        if name == "append":
            self.append(*arguments)
        elif name == "apply":
            self.apply(*arguments)
        elif name == "get":
            self.callers.append(asyncio.ensure_future(self.profiles.get(*arguments)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        elif name == "run":
            self.executor.run()
        elif name == "hand over":
            await self.executor.hand_over()
        elif name == "forget":
            self.profiles.invalidate(arguments)
        else:
            self.profiles.invalidate_all()

    def append(self, user_id: str, item_id: str, time: int, event_type: str) -> None:
        event_id = f"{self.log.last_position()}"
        event = Event(event_id, user_id, item_id, event_type, None, float(time))
        self.under_way += append(self.log, event)

    def apply(self, count: int, backwards: bool) -> None:
        if backwards:
            self.under_way.reverse()
        some, self.under_way = self.under_way[:count], self.under_way[count:]
        self.profiles.apply(some)

    async def settled(self, user_id: str) -> Profile:
        asking = asyncio.ensure_future(self.profiles.get(user_id))
        while not asking.done():
            await self.executor.hand_over()
            self.executor.run()
        return await asking


@given(st.lists(MOVES, max_size=40))
def test_after_any_interleaving_a_profile_equals_one_rebuilt_from_the_log(
    moves: list[tuple[Any, ...]],
) -> None:
    async def play() -> None:
        world = World()
        for move in moves:
            await world.move(*move)
        world.apply(len(world.under_way), backwards=False)
        for user_id in ("ann", "bob", "cid"):
            kept = await world.settled(user_id)
            history = world.log.history(user_id, 3, ignored_types={"impression"})
            assert [each.position for each in kept.history] == [
                each.position for each in history.events
            ]
            assert kept.seen == history.item_ids
            assert len(world.profiles) <= 2
            assert world.profiles.seen_items <= max(6, len(kept.seen))

    asyncio.run(play())
