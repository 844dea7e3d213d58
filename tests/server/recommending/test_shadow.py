"""The shadow is asked too, and nobody sees its answers."""

import asyncio
import time
from typing import Any

import numpy as np
import pytest

from recserve.server import metrics
from recserve.server.engine.contract import EngineOverloaded, Ranking, RankingRequest
from recserve.server.engine.memory import InMemoryEngine
from recserve.server.labels import SHADOW, STABLE
from recserve.server.recommending.answer import Answer
from recserve.server.recommending.query import Query, Shape
from recserve.server.recommending.shadow import MAX_IN_FLIGHT, Shadow, overlap_of
from recserve.server.recommending.versions import ServedVersions
from server.recommending.world import ITEMS, World, manifest


class Pair:
    """A stable version and its shadow."""

    def __init__(self, world: World, number: int, share: float = 1.0) -> None:
        self.world, self.number = world, number
        self.versions = ServedVersions()
        # It likes the items the other way round.
        self.engine = InMemoryEngine(len(ITEMS), lambda _: np.linspace(0, 1, 8, dtype=np.float32))
        message = manifest()
        message.version = number
        self.versions.put(world.version)
        self.versions.set_label(STABLE, world.version.number)
        self.versions.put(world.serving(message, engine=self.engine))
        self.versions.set_label(SHADOW, number)
        self.told: list[tuple[str, Answer, str]] = []
        self.shadow = Shadow(
            world.recommender,
            self.versions,
            share=share,
            monotonic=time.monotonic,
            draw=lambda: 0.5,
            on_answer=lambda *told: self.told.append(told),
        )

    async def ask(self, query: Query) -> list[str]:
        user = await self.world.recommender.look_up(query)
        answer = await self.world.recommender.recommend(query, user, self.versions.stable, STABLE)
        self.shadow.compare(query, user, answer, "an answer")
        return list(answer.item_ids)

    async def settled(self) -> None:
        await asyncio.gather(*self.shadow._tasks)

    def overlap(self) -> float:
        return float(metrics.SHADOW_OVERLAP.labels(str(self.number))._sum.get())

    def count(self, outcome: str) -> float:
        return float(metrics.SHADOW.labels(str(self.number), outcome)._value.get())


@pytest.fixture
async def pair(world: World, request: pytest.FixtureRequest) -> Pair:
    world.happened("ann", "a")
    return Pair(world, number=1000 + len(request.node.name))


async def test_the_answers_are_compared_and_the_callers_is_the_stable_versions(
    pair: Pair,
) -> None:
    before = pair.count("compared")
    assert await pair.ask(Query("ann", 4)) == list("bcde")
    await pair.settled()
    assert pair.count("compared") == before + 1
    overlap = metrics.SHADOW_OVERLAP.labels(str(pair.number))
    assert overlap._sum.get() == pytest.approx(0.25), "hgfe and bcde have one of four in common"


async def test_a_fallback_is_not_compared(pair: Pair) -> None:
    await pair.ask(Query("nobody", 4))
    assert not pair.shadow._tasks


async def test_of_an_explored_answer_the_shadow_is_asked_for_its_own_and_no_overlap_is_counted(
    pair: Pair,
) -> None:
    before = pair.overlap()
    await pair.ask(Query("ann", 4, shape=Shape(diversity=0.0, exploration=0.5)))
    await pair.settled()
    [request] = pair.engine.requests
    assert request.shaping is not None
    assert request.shaping.reranking is not None
    assert request.shaping.reranking.exploration == 0.0
    [(user_id, answer, answer_id)] = pair.told
    assert (user_id, answer.propensities, answer_id) == ("ann", [1.0] * 4, "an answer")
    assert pair.overlap() == before


async def test_only_a_share_is_compared(world: World) -> None:
    world.happened("ann", "a")
    for share, asked in ((0.4, False), (0.6, True)):
        pair = Pair(world, number=2000, share=share)
        await pair.ask(Query("ann"))
        await pair.settled()
        assert bool(pair.engine.requests) is asked


async def test_a_shadow_that_fails_harms_nobody(pair: Pair) -> None:
    pair.engine.failure = RuntimeError("broken")
    assert await pair.ask(Query("ann", 2)) == list("bc")
    await pair.settled()
    assert pair.count("failed") == 1


async def test_a_shadow_that_is_overloaded_is_skipped(pair: Pair) -> None:
    pair.engine.failure = EngineOverloaded("full", 1.0)
    await pair.ask(Query("ann", 2))
    await pair.settled()
    assert pair.count("skipped") == 1


class Slow:
    """An engine that answers when it is let."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = 0

    async def rank(self, request: RankingRequest) -> Ranking:
        del request
        self.asked += 1
        await self.go.wait()
        return Ranking((1,), (0.5,), 0.0, 0.0, 1)

    def set_available(self, available: Any) -> None: ...

    def close(self) -> None: ...


async def test_a_slow_shadow_is_asked_less_and_not_waited_for(pair: Pair) -> None:
    slow = Slow()
    message = manifest()
    message.version = pair.number
    pair.versions.put(pair.world.serving(message, engine=slow))
    for _ in range(MAX_IN_FLIGHT + 3):
        await pair.ask(Query("ann", 1))
    assert pair.count("skipped") == 3
    await asyncio.sleep(0)
    assert slow.asked == MAX_IN_FLIGHT
    slow.go.set()
    await pair.settled()
    assert pair.count("compared") == MAX_IN_FLIGHT


async def test_what_is_under_way_ends_with_the_server(pair: Pair) -> None:
    slow = Slow()
    message = manifest()
    message.version = pair.number
    pair.versions.put(pair.world.serving(message, engine=slow))
    await pair.ask(Query("ann", 1))
    await pair.shadow.close()
    await asyncio.sleep(0)
    assert not pair.shadow._tasks


async def test_of_a_user_who_is_forgotten_nothing_is_told_later(pair: Pair) -> None:
    pair.world.happened("bob", "a")
    slow = Slow()
    message = manifest()
    message.version = pair.number
    pair.versions.put(pair.world.serving(message, engine=slow))
    await pair.ask(Query("ann", 1))
    await pair.ask(Query("bob", 1))
    await asyncio.sleep(0)
    pair.shadow.forget("ann")
    slow.go.set()
    await asyncio.gather(*pair.shadow._tasks, return_exceptions=True)
    assert [user_id for user_id, *_ in pair.told] == ["bob"]


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [("abc", "cba", 1.0), ("abcd", "ab", 0.5), ("ab", "cd", 0.0), ("", "", 1.0), ("a", "", 0.0)],
)
def test_the_overlap_is_the_share_of_the_longer_answer(one: str, other: str, share: float) -> None:
    assert overlap_of(tuple(one), list(other)) == share
