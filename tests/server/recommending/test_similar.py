"""What is like an item, and what must not be returned."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recserve.server.catalogue import ItemRecord
from recserve.server.engine.contract import (
    EngineDeadlineExceeded,
    EngineFailed,
    EngineOverloaded,
    EngineUnavailable,
)
from recserve.server.errors import (
    DeadlineExpired,
    NotFound,
    Overloaded,
    RecserveServerError,
    Unavailable,
)
from recserve.server.filtering import parse_filter
from recserve.server.recommending.answer import Answer, Reason, Shortfall
from recserve.server.recommending.similar import SimilarQuery
from recserve.v1 import schema_pb2
from server.recommending.conftest import MakeWorld
from server.recommending.world import ITEMS, World, manifest

KIND = schema_pb2.Feature(name="kind", type=schema_pb2.FEATURE_TYPE_CATEGORICAL)
TAGGED = schema_pb2.Schema(item_features=[KIND])


async def ask(world: World, query: SimilarQuery, *, model: bool = True) -> Answer:
    version = world.version if model else None
    seen = await world.similar.prepare(query, version)
    return await world.similar.find(query, seen, version, "stable")


def ids(answer: Answer) -> str:
    return "".join(answer.item_ids)


async def test_the_neighbours_come_first(world: World) -> None:
    answer = await ask(world, SimilarQuery("d", 3))
    assert set(ids(answer)[:2]) == {"c", "e"}
    assert len(answer.item_ids) == 3
    assert (answer.reason, answer.version, answer.label) == (Reason.SIMILAR, 1, "stable")
    assert answer.shortfall is None
    assert list(answer.scores) == sorted(answer.scores, reverse=True)


async def test_what_a_user_has_seen_stays_out_for_that_user_alone(world: World) -> None:
    world.happened("ann", "c", "e")
    assert set(ids(await ask(world, SimilarQuery("d", 2, user_id="ann")))) == {"b", "f"}
    assert set(ids(await ask(world, SimilarQuery("d", 2, user_id="bob")))) == {"c", "e"}
    assert set(ids(await ask(world, SimilarQuery("d", 2)))) == {"c", "e"}


async def test_an_unavailable_item_can_be_asked_about(world: World) -> None:
    world.make_unavailable({"d", "c"})
    assert ids(await ask(world, SimilarQuery("d", 1))) == "e"


async def test_an_unknown_item_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="does not know this item") as caught:
        await ask(world, SimilarQuery("x"))
    assert caught.value.reason == "ITEM_NOT_FOUND"
    assert caught.value.metadata == {"item_id": "x", "version": "1"}


async def test_without_a_version_nothing_tells_what_is_alike(world: World) -> None:
    with pytest.raises(Unavailable) as caught:
        await ask(world, SimilarQuery("a"), model=False)
    assert caught.value.reason == "NO_MODEL"


@pytest.mark.parametrize(
    ("failure", "kind", "reason"),
    [
        (EngineUnavailable("gone"), Unavailable, "ENGINE_UNAVAILABLE"),
        (EngineFailed("broken"), Unavailable, "ENGINE_UNAVAILABLE"),
        (EngineDeadlineExceeded("late"), DeadlineExpired, "DEADLINE_EXPIRED"),
        (EngineOverloaded("10 wait", 0.3), Overloaded, "ENGINE_QUEUE_FULL"),
    ],
)
async def test_a_failing_engine_is_the_callers_error(
    world: World, failure: Exception, kind: type[RecserveServerError], reason: str
) -> None:
    world.engine.failure = failure
    with pytest.raises(kind) as caught:
        await ask(world, SimilarQuery("a"))
    assert caught.value.reason == reason


async def test_a_version_whose_engine_starts_is_unavailable(world: World) -> None:
    object.__setattr__(world.version, "engine", None)
    with pytest.raises(Unavailable):
        await ask(world, SimilarQuery("a"))


SOME_ITEMS = st.sets(st.sampled_from([*ITEMS, "x"]), max_size=6)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    item_id=st.sampled_from(ITEMS),
    seen=SOME_ITEMS,
    excluded=SOME_ITEMS,
    unavailable=SOME_ITEMS,
    let_through=st.none() | SOME_ITEMS,
    wanted=st.integers(1, 10),
)
async def test_what_must_not_be_returned_is_not_and_all_else_is(
    make_world: MakeWorld,
    item_id: str,
    seen: set[str],
    excluded: set[str],
    unavailable: set[str],
    let_through: set[str] | None,
    wanted: int,
) -> None:
    world = make_world(TAGGED)
    world.version = world.serving(manifest(TAGGED))
    world.happened("ann", *sorted(seen))
    world.make_unavailable(unavailable)
    for each in sorted(let_through or ()):
        world.catalogue.put_items([ItemRecord(each, {"kind": "good"})])
    wanted_filter = None if let_through is None else parse_filter("kind=good", world.item_features)
    query = SimilarQuery(item_id, wanted, frozenset(excluded), "ann", wanted_filter)
    answer = await ask(world, query)
    possible = set(ITEMS) - excluded - unavailable - seen - {item_id}
    if let_through is not None:
        possible &= let_through
    assert len(set(answer.item_ids)) == len(answer.item_ids) == min(wanted, len(possible))
    assert set(answer.item_ids) <= possible
    short = len(answer.item_ids) < wanted
    assert answer.shortfall is (Shortfall.CATALOGUE if short else None)
