"""Own changes and reads of the whole catalogue race, and the view ends with what is true."""

import asyncio
import threading
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recserve.server.catalogue import InMemoryCatalogue, ItemRecord, UserRecord
from recserve.server.engine.arrays import BoolArray
from recserve.server.engine.memory import InMemoryEngine
from recserve.server.event_log import InMemoryEventLog
from recserve.server.filtering import FilterMasks, parse_filter
from recserve.server.front_end.catalogue_view import (
    CatalogueChange,
    CatalogueView,
    WholeCatalogue,
    read_catalogue,
)
from recserve.server.front_end.version_keeper import VersionKeeper
from recserve.server.front_end.version_states import VersionStates
from recserve.server.item_table import ItemTable
from recserve.server.model_store.memory import InMemoryModelStore
from recserve.server.profiles import LogFeed, Popularity, Profiles
from recserve.server.recommending.recommender import Recommender
from recserve.server.recommending.versions import ServedVersion, ServedVersions
from recserve.server.schema import declare
from server.filtering.shop import FEATURES, SCHEMA_MESSAGE
from server.recommending.world import manifest

ITEMS = ("a", "b", "c", "d")


class Told(InMemoryEngine):
    """Remembers what it was told last, and how often."""

    def __init__(self) -> None:
        super().__init__(len(ITEMS))
        self.times = 0

    def set_available(self, available: BoolArray) -> None:
        super().set_available(available)
        self.times += 1

    @property
    def unavailable(self) -> set[str]:
        return {ITEMS[row] for row in np.flatnonzero(~self._available)}


async def _nothing() -> None:
    pass


class Stage:
    """A view over doubles in memory."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self.catalogue = InMemoryCatalogue()
        log, schema = InMemoryEventLog(), declare(SCHEMA_MESSAGE)
        self.engine = Told()
        versions = ServedVersions()
        items = ItemTable(ITEMS, np.ones(len(ITEMS), np.float32))
        versions.put(ServedVersion.of(manifest(SCHEMA_MESSAGE), items, self.engine))
        self.profiles = Profiles(log, self.catalogue, schema, threads)
        self.popularity = Popularity(schema, log.item_counts(schema))
        self.masks = FilterMasks(self.catalogue, threads)
        feed = LogFeed(asyncio.get_running_loop(), 0, [])
        self.recommender = Recommender(self.profiles, self.popularity, feed, self.masks)
        self.view = CatalogueView(
            profiles=self.profiles,
            popularity=self.popularity,
            masks=self.masks,
            recommender=self.recommender,
            keeper=VersionKeeper(
                store=InMemoryModelStore(),
                versions=versions,
                states=VersionStates(),
                admission=lambda: (_ for _ in ()).throw(AssertionError("no engine is connected")),
                on_change=_nothing,
            ),
        )
        self.view.take(read_catalogue(self.catalogue))
        self.committed: list[tuple[CatalogueChange, int]] = []
        """Own changes that the event loop has not heard of."""
        self.begun: list[int] = []
        """Revisions of reads that have begun; one at a time."""

    def put(self, item_id: str, price: float, available: bool, own: bool) -> None:
        record = ItemRecord(item_id, {"price": price}, available)
        put = self.catalogue.put_items([record])
        if own:
            self.committed.append((CatalogueChange(items=[record]), put.revision))

    def put_user(self, user_id: str, age: float, own: bool) -> None:
        put = self.catalogue.put_users([UserRecord(user_id, {"age": age})])
        if own:
            self.committed.append((CatalogueChange(user_ids=[user_id]), put.revision))

    def delete(self, item_id: str, own: bool) -> None:
        deleted = self.catalogue.delete_items([item_id])
        if own:
            self.committed.append((CatalogueChange(deleted_item_ids=[item_id]), deleted.revision))

    def apply(self, place: int) -> None:
        if self.committed:
            self.view.apply(*self.committed.pop(place % len(self.committed)))

    def begin_read(self) -> None:
        if not self.begun:
            self.begun.append(self.catalogue.revision())

    def end_read(self) -> None:
        if self.begun:
            whole = WholeCatalogue(
                self.begun.pop(), self.catalogue.unavailable_item_ids(), self.catalogue.item_ids()
            )
            self.view.take(whole)

    async def ask(self, user_id: str) -> None:
        await self.profiles.get(user_id)
        await self.allowed("price > 2")

    async def allowed(self, text: str) -> Collection[str]:
        parsed = parse_filter(text, FEATURES)
        assert parsed is not None
        mask = await self.masks.mask(parsed, FEATURES, None, 0)
        return {item_id for item_id in ITEMS if item_id in mask}

    async def settled(self) -> None:
        """Until no read of features is under way."""
        while reading := [each._next for each in self.masks._sources.values() if each._next]:
            await asyncio.wait(reading)
            await asyncio.sleep(0)

    async def check(self) -> None:
        """Every answer goes by what the catalogue has."""
        unavailable = self.catalogue.unavailable_item_ids()
        assert self.recommender.unavailable == unavailable
        assert self.engine.unavailable == unavailable & set(ITEMS)
        assert set(self.catalogue.item_ids()) <= {each for each, _ in self.popularity.top(99)}
        records = [self.catalogue.get_item(item_id) for item_id in ITEMS]
        priced = {each.item_id: each.features["price"] for each in records if each is not None}
        offered = {item_id for item_id, price in priced.items() if price > 2}  # type: ignore[operator]
        assert set(await self.allowed("price > 2")) - unavailable == offered - unavailable
        for user_id in ("ann", "bob"):
            user = self.catalogue.get_user(user_id)
            assert (await self.profiles.get(user_id)).features == (user.features if user else {})


ITEM_IDS, OWN = st.sampled_from(ITEMS), st.booleans()
MOVES = st.one_of(
    st.tuples(st.just("put"), ITEM_IDS, st.sampled_from([1.0, 3.0]), st.booleans(), OWN),
    st.tuples(st.just("put_user"), st.sampled_from(["ann", "bob"]), st.floats(1, 99), OWN),
    st.tuples(st.just("delete"), ITEM_IDS, OWN),
    st.tuples(st.just("apply"), st.integers(0, 3)),
    st.just(("begin_read",)),
    st.just(("end_read",)),
    st.tuples(st.just("ask"), st.sampled_from(["ann", "bob"])),
)


def play(moves: Iterable[tuple[Any, ...]], *, reads_follow: bool) -> None:
    async def run() -> None:
        with ThreadPoolExecutor(1) as threads:
            stage = Stage(threads)
            for name, *arguments in moves:
                done = getattr(stage, name)(*arguments)
                if done is not None:
                    await done
            while stage.committed:
                stage.apply(0)
            stage.end_read()
            if reads_follow and stage.catalogue.revision() > stage.view.revision:
                stage.view.take(read_catalogue(stage.catalogue))
            if reads_follow:
                await stage.settled()
            await stage.check()

    asyncio.run(run())


@settings(deadline=None)
@given(st.lists(MOVES, max_size=30))
def test_whatever_races_the_view_ends_with_what_the_catalogue_has(
    moves: list[tuple[Any, ...]],
) -> None:
    play(moves, reads_follow=True)


OWN_MOVES = st.one_of(
    st.tuples(st.just("put"), ITEM_IDS, st.sampled_from([1.0, 3.0]), st.booleans(), st.just(True)),
    st.tuples(
        st.just("put_user"), st.sampled_from(["ann", "bob"]), st.floats(1, 99), st.just(True)
    ),
    st.tuples(st.just("delete"), ITEM_IDS, st.just(True)),
    st.tuples(st.just("apply"), st.integers(0, 3)),
    st.just(("begin_read",)),
    st.tuples(st.just("ask"), st.sampled_from(["ann", "bob"])),
)


@settings(deadline=None)
@given(st.lists(OWN_MOVES, max_size=30))
def test_own_changes_are_there_without_any_read_whatever_order_they_come_in(
    moves: list[tuple[Any, ...]],
) -> None:
    play(moves, reads_follow=False)


async def test_a_read_that_began_before_a_change_does_not_undo_it() -> None:
    with ThreadPoolExecutor(1) as threads:
        stage = Stage(threads)
        stage.put("a", 1.0, available=True, own=False)
        stale = read_catalogue(stage.catalogue)
        stage.put("b", 1.0, available=False, own=True)
        stage.apply(0)
        assert stage.view.revision == 0, "the foreign change before it is not known"
        assert stage.recommender.unavailable == {"b"}
        stage.view.take(stale)
        assert stage.recommender.unavailable == {"b"}
        assert stage.engine.unavailable == {"b"}
        assert stage.view.revision == 2
        stage.view.take(stale)
        assert stage.recommender.unavailable == {"b"}


async def test_engines_are_told_only_of_what_becomes_or_ceases_to_be_available() -> None:
    with ThreadPoolExecutor(1) as threads:
        stage = Stage(threads)
        told = stage.engine.times
        stage.put("a", 1.0, available=True, own=True)
        stage.put("a", 2.0, available=True, own=True)
        stage.delete("unknown", own=True)
        stage.apply(0)
        stage.apply(0)
        assert stage.engine.times == told
        stage.apply(0)
        assert stage.engine.times == told + 1
        stage.delete("a", own=True)
        stage.apply(0)
        assert (stage.engine.times, stage.engine.unavailable) == (told + 2, {"a"})


async def test_of_two_own_changes_the_later_one_stands_whichever_comes_first() -> None:
    with ThreadPoolExecutor(1) as threads:
        stage = Stage(threads)
        await stage.allowed("price > 2")
        stage.put("a", 1.0, available=False, own=True)
        stage.put("a", 3.0, available=True, own=True)
        stage.apply(1)
        stage.apply(0)
        assert stage.view.revision == 2
        await stage.check()


async def test_a_change_that_a_read_has_seen_is_known_to_filters_before_they_have_read() -> None:
    with ThreadPoolExecutor(1) as threads:
        stage = Stage(threads)
        await stage.allowed("price > 2")
        stage.put("a", 3.0, available=True, own=True)
        held = threading.Event()
        threads.submit(held.wait, 20)
        stage.view.take(read_catalogue(stage.catalogue))
        stage.apply(0)
        asking = asyncio.ensure_future(stage.allowed("price > 2"))
        await asyncio.sleep(0)
        held.set()
        assert await asking == {"a"}
        await stage.settled()
        await stage.check()
