"""A new engine answers what was asked lately before anybody waits for it."""

from recserve.server.engine.contract import EngineFailed
from recserve.server.engine.memory import InMemoryEngine
from recserve.server.recommending.query import Query
from recserve.server.recommending.recent import MAX_QUERIES, RecentQueries
from server.recommending.world import ITEMS, World, manifest


async def test_a_new_engine_is_asked_the_last_queries(world: World) -> None:
    users = [f"u{number}" for number in range(MAX_QUERIES + 10)]
    for user in users:
        world.happened(user, "a")
    recent = RecentQueries(world.recommender)
    for number, user in enumerate(users):
        recent.add(Query(user, 1 + number, deadline=0.0, min_log_position=10**9))
    engine = InMemoryEngine(len(ITEMS))
    await recent.warm_up(world.serving(manifest(), engine=engine))
    wanted = sorted(request.result_count for request in engine.requests)
    assert wanted == list(range(11, MAX_QUERIES + 11)), "old ones are forgotten"
    assert not world.engine.requests, "the one that serves has other things to do"


async def test_before_any_query_there_is_nothing_to_ask(world: World) -> None:
    engine = InMemoryEngine(len(ITEMS))
    await RecentQueries(world.recommender).warm_up(world.serving(manifest(), engine=engine))
    assert engine.requests == []


async def test_an_engine_that_fails_is_survived(world: World) -> None:
    world.happened("ann", "a")
    recent = RecentQueries(world.recommender)
    recent.add(Query("ann"))
    recent.add(Query("ann"))
    engine = InMemoryEngine(len(ITEMS))
    engine.failure = EngineFailed("broken")
    await recent.warm_up(world.serving(manifest(), engine=engine))
    assert len(engine.requests) == 2
