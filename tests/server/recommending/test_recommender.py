"""Always as many results as asked for or a reason, and what is excluded stays out."""

import asyncio
import os
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recserve.server.catalogue import ItemRecord
from recserve.server.engine.contract import (
    EngineDeadlineExceeded,
    EngineFailed,
    EngineOverloaded,
    EngineUnavailable,
    Ranking,
    RankingRequest,
)
from recserve.server.errors import Overloaded
from recserve.server.filtering import parse_filter
from recserve.server.recommending.answer import Answer, Fallback, Reason, Shortfall
from recserve.server.recommending.query import Query, Shape
from recserve.v1 import model_pb2, schema_pb2
from server.recommending.conftest import MakeWorld
from server.recommending.world import ITEMS, World, manifest


def ids(answer: Answer) -> str:
    return "".join(result.item_id for result in answer.results)


async def test_the_model_ranks_for_a_known_user(world: World) -> None:
    world.happened("ann", "h")
    answer = await world.ask(Query("ann", 3))
    assert ids(answer) == "abc"
    assert (answer.reason, answer.fallback, answer.shortfall) == (Reason.PERSONAL, None, None)
    assert (answer.version, answer.label, answer.log_position) == (1, "stable", 1)


async def test_seen_items_come_back_only_when_asked_for(world: World) -> None:
    world.happened("ann", "a", "c")
    assert ids(await world.ask(Query("ann", 3))) == "bde"
    assert ids(await world.ask(Query("ann", 3, include_seen=True))) == "abc"


async def test_session_items_count_as_seen(world: World) -> None:
    assert ids(await world.ask(Query("", 3, recent_item_ids=("a",)))) == "bcd"
    query = Query("", 3, recent_item_ids=("a",), include_seen=True)
    assert ids(await world.ask(query)) == "abc"


async def test_an_unknown_user_gets_what_is_popular(world: World) -> None:
    answer = await world.ask(Query("stranger", 2))
    assert (ids(answer), answer.fallback) == ("ab", Fallback.UNKNOWN_USER)
    assert answer.reason == Reason.POPULAR
    assert [result.score for result in answer.results] == [1.0, 7 / 8]
    assert world.engine.requests == []


async def test_a_user_of_whom_only_unknown_items_are_logged_is_unknown(world: World) -> None:
    world.happened("ann", "never-trained-on")
    assert (await world.ask(Query("ann"))).fallback == Fallback.UNKNOWN_USER


async def test_a_user_of_whom_only_unknown_types_are_logged_is_unknown(
    make_world: MakeWorld,
) -> None:
    world = make_world(schema_pb2.Schema(event_types=[schema_pb2.EventType(name="buy")]))
    world.happened("ann", "a", event_type="older_than_the_schema")
    assert (await world.ask(Query("ann"))).fallback == Fallback.UNKNOWN_USER


async def test_a_model_that_does_not_read_histories_knows_everyone(world: World) -> None:
    world.version = world.serving(manifest(uses_history=False))
    assert (await world.ask(Query("stranger"))).fallback is None


async def test_features_of_the_pairs_make_a_stranger_known(world: World) -> None:
    features = np.zeros((1, 1), np.float32)
    query = Query("stranger", candidate_item_ids=("a",), candidate_features=features)
    assert (await world.ask(query)).fallback is None


@pytest.mark.parametrize(
    ("failure", "fallback"),
    [
        (EngineUnavailable("gone"), Fallback.ENGINE_UNAVAILABLE),
        (EngineFailed("broken"), Fallback.ENGINE_UNAVAILABLE),
        (EngineDeadlineExceeded("late"), Fallback.DEADLINE),
    ],
)
async def test_a_failing_engine_is_replaced_by_popularity(
    world: World, failure: Exception, fallback: Fallback
) -> None:
    world.happened("ann", "a")
    world.engine.failure = failure
    answer = await world.ask(Query("ann", 2))
    assert (ids(answer), answer.fallback, answer.version) == ("bc", fallback, 1)


async def test_a_version_whose_engine_starts_answers_by_popularity(world: World) -> None:
    world.happened("ann", "a")
    world.version = type(world.version)(
        **{**vars(world.version), "engine": None}  # a frozen dataclass without slots
    )
    assert (await world.ask(Query("ann", 2))).fallback == Fallback.ENGINE_UNAVAILABLE


async def test_an_overloaded_engine_sends_the_caller_away_with_a_time_to_return(
    world: World,
) -> None:
    world.happened("ann", "a")
    world.engine.failure = EngineOverloaded("10 wait", 0.3)
    with pytest.raises(Overloaded) as caught:
        await world.ask(Query("ann"))
    assert caught.value.reason == "ENGINE_QUEUE_FULL"
    assert caught.value.retry_after_seconds == 0.3


async def test_what_happens_while_the_engine_computes_is_not_claimed(world: World) -> None:
    world.happened("ann", "a")
    rank = world.engine.rank

    async def rank_slowly(request: RankingRequest) -> Ranking:
        world.happened("ann", "b")
        return await rank(request)

    world.engine.rank = rank_slowly  # type: ignore[method-assign]
    answer = await world.ask(Query("ann", 1))
    assert (ids(answer), answer.log_position) == ("b", 1)


async def test_the_engine_has_a_little_less_time_than_the_caller(world: World) -> None:
    world.happened("ann", "a")
    await world.ask(Query("ann", 2, deadline=50.0))
    assert 0 < 50.0 - world.engine.requests[-1].deadline < 0.01


async def test_without_a_model_the_counts_of_the_log_answer(world: World) -> None:
    world.happened("bob", "h", "h", "g")
    answer = await world.ask(Query("ann", 3), model=False)
    assert (ids(answer), answer.version, answer.fallback) == ("hga", 0, Fallback.NO_MODEL)
    assert [result.score for result in answer.results] == [1.0, 0.5, 0.0]
    assert ids(await world.ask(Query("bob", 2), model=False)) == "ab"


async def test_candidates_are_ranked_by_score_and_unknown_ones_are_named(world: World) -> None:
    world.happened("ann", "h")
    answer = await world.ask(Query("ann", 3, candidate_item_ids=("d", "x", "b", "y", "c")))
    assert ids(answer) == "bcd"
    assert answer.missing_item_ids == ("x", "y")
    assert answer.shortfall is None


def with_columns(count: int) -> model_pb2.ModelVersion:
    """A version with so many candidate features."""
    columns = [
        schema_pb2.Feature(name=f"column{i}", type=schema_pb2.FEATURE_TYPE_NUMERIC)
        for i in range(count)
    ]
    message = manifest()
    message.schema.candidate_features.extend(columns)
    return message


async def test_the_rows_and_features_of_filtered_candidates_stay_together(world: World) -> None:
    world.version = world.serving(with_columns(2))
    world.happened("ann", "e")
    features = np.arange(10, dtype=np.float32).reshape(5, 2)
    query = Query(
        "ann",
        candidate_item_ids=("d", "x", "e", "b", "c"),
        candidate_features=features,
        excluded_item_ids=frozenset("b"),
    )
    answer = await world.ask(query)
    (request,) = world.engine.requests
    assert request.candidate_rows is not None
    assert request.candidate_rows.tolist() == [3, 2]
    assert request.candidate_features.tolist() == [0, 1, 8, 9]
    assert ids(answer) == "cd"


async def test_features_for_the_columns_of_another_version_are_unknown_to_this_one(
    world: World,
) -> None:
    world.version = world.serving(with_columns(3))
    world.happened("ann", "e")
    features = np.ones((2, 2), np.float32)
    await world.ask(Query("ann", candidate_item_ids=("a", "b"), candidate_features=features))
    assert world.engine.requests[-1].candidate_features.size == 0


async def test_no_candidate_left_is_a_shortfall_and_no_call_of_the_engine(world: World) -> None:
    world.happened("ann", "a")
    answer = await world.ask(Query("ann", 2, candidate_item_ids=("a", "x")))
    assert (ids(answer), answer.shortfall) == ("", Shortfall.CANDIDATES)
    assert answer.missing_item_ids == ("x",)
    assert world.engine.requests == []


async def test_a_small_catalogue_is_a_shortfall(world: World) -> None:
    world.happened("ann", "a", "b")
    answer = await world.ask(Query("ann", 7))
    assert (len(answer.results), answer.shortfall) == (6, Shortfall.CATALOGUE)


async def test_the_answer_waits_until_the_log_is_reflected(world: World) -> None:
    world.happened("ann", "h")
    asking = asyncio.ensure_future(world.ask(Query("ann", 2, min_log_position=2)))
    await asyncio.sleep(0)
    assert not asking.done()
    world.happened("ann", "a")
    answer = await asking
    assert (ids(answer), answer.log_position) == ("bc", 2)


async def test_the_wait_for_the_log_is_given_up_and_the_answer_says_where_it_stands(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recserve.server.recommending.recommender.POSITION_WAIT_SECONDS", 0.001)
    world.happened("ann", "h")
    answer = await world.ask(Query("ann", 1, min_log_position=99))
    assert (ids(answer), answer.log_position) == ("a", 1)


async def test_the_deadline_bounds_the_wait_for_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recserve.server.recommending.recommender.POSITION_WAIT_SECONDS", 1e9)
    query = Query("ann", 1, min_log_position=99, deadline=time.monotonic() + 0.01)
    assert len((await world.ask(query)).results) == 1


EXAMPLES = 10_000 if os.environ.get("RECSERVE_VERIFY") else 150
PATHS = ("model", "candidates", "unknown user", "no engine", "engine fails", "late", "no model")
KIND = schema_pb2.Feature(name="kind", type=schema_pb2.FEATURE_TYPE_CATEGORICAL)
TAGGED = schema_pb2.Schema(item_features=[KIND])
SHARES = st.sampled_from([0.0, 0.3, 1.0])
SOME_ITEMS = st.sets(st.sampled_from([*ITEMS, "x"]), max_size=6)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=st.sampled_from(PATHS),
    seen=SOME_ITEMS,
    excluded=SOME_ITEMS,
    unavailable=SOME_ITEMS,
    recent=SOME_ITEMS,
    wanted=st.integers(1, 10),
    include_seen=st.booleans(),
    let_through=st.none() | SOME_ITEMS,
    shape=st.none() | st.builds(Shape, SHARES, SHARES, st.booleans()),
    candidates=st.none() | st.permutations([*ITEMS, "x"]).map(lambda order: order[:5]),
)
async def test_what_must_not_be_returned_is_not_returned_on_any_path(
    make_world: MakeWorld,
    path: str,
    seen: set[str],
    excluded: set[str],
    unavailable: set[str],
    recent: set[str],
    wanted: int,
    include_seen: bool,
    let_through: set[str] | None,
    shape: Shape | None,
    candidates: list[str] | None,
) -> None:
    world = make_world(TAGGED)
    if path == "candidates":
        candidates = candidates or list("hgfx")
    if path == "no engine":
        world.version = world.serving(manifest(TAGGED))
        object.__setattr__(world.version, "engine", None)
    world.engine.failure = {
        "engine fails": EngineFailed("broken"),
        "late": EngineDeadlineExceeded("late"),
    }.get(path)
    user_id = "stranger" if path == "unknown user" else "ann"
    world.happened("ann", *sorted(seen))
    world.make_unavailable(unavailable)
    for item_id in sorted(let_through or ()):
        world.catalogue.put_items([ItemRecord(item_id, {"kind": "good"})])
    query = Query(
        user_id,
        wanted,
        candidate_item_ids=tuple(candidates or ()),
        excluded_item_ids=frozenset(excluded),
        include_seen=include_seen,
        filter=None if let_through is None else parse_filter("kind = good", world.item_features),
        recent_item_ids=tuple(sorted(recent)),
        shape=shape,
    )
    answer = await world.ask(query, model=path != "no model")

    forbidden = excluded | unavailable
    if not include_seen:
        forbidden |= recent | (seen if user_id == "ann" else set())
    known = set(ITEMS) | (seen | set(candidates or ()) if path == "no model" else set())
    possible = (known & set(candidates) if candidates else known) - forbidden
    if let_through is not None:
        possible &= let_through
    got = [result.item_id for result in answer.results]
    assert len(set(got)) == len(got)
    assert set(got) <= possible
    assert len(got) == min(wanted, len(possible))
    assert (answer.shortfall is None) == (len(got) == wanted)
    assert all(0 <= result.score <= 1 for result in answer.results)
    assert all(0 < result.propensity <= 1 for result in answer.results)
    shape = shape or Shape()
    if not shape.exploration:
        assert all(result.propensity == 1 for result in answer.results)
    if not (shape.diversity or shape.exploration):
        scores = [result.score for result in answer.results]
        assert scores == sorted(scores, reverse=True)
    named = {result.because_of_item_id for result in answer.results} - {""}
    assert named <= (seen | recent if shape.explain and answer.fallback is None else set())


async def test_a_model_that_needs_candidate_features_answers_by_popularity_without_them(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    pair = schema_pb2.Schema(
        candidate_features=[schema_pb2.Feature(name="price", type=schema_pb2.FEATURE_TYPE_NUMERIC)]
    )
    world.version = world.serving(manifest(pair, uses_history=False))
    answer = await world.ask(Query("ann", 3))
    assert answer.fallback is Fallback.NO_CANDIDATE_FEATURES
    assert [result.item_id for result in answer.results] == ["a", "b", "c"]
    features = np.array([[1.0], [2.0]], np.float32)
    asked = Query("ann", 3, candidate_item_ids=("a", "b"), candidate_features=features)
    assert (await world.ask(asked)).fallback is None


async def test_a_shortlist_is_asked_for_only_where_the_order_may_change(world: World) -> None:
    world.happened("ann", "h")
    for shape, count in [(Shape(explain=True), 3), (Shape(0.5), 100), (Shape(0.0, 0.5), 100)]:
        await world.ask(Query("ann", 3, shape=shape))
        assert world.engine.requests[-1].result_count == count
    assert [Query("ann", n, shape=Shape(0.5)).shortlist_count for n in (50, 300, 1000)] == [
        200,
        1000,
        1000,
    ]


async def test_variety_spreads_the_results(world: World) -> None:
    world.happened("ann", "h")
    assert ids(await world.ask(Query("ann", 3, shape=Shape(diversity=0.0)))) == "abc"
    assert ids(await world.ask(Query("ann", 2, shape=Shape(diversity=1.0)))) == "ag"
    candidates = ("b", "c", "d")
    shaped = Query("ann", 2, candidate_item_ids=candidates, shape=Shape(diversity=1.0))
    assert ids(await world.ask(shaped)) == "bd"


async def test_a_result_names_the_wanted_item_of_the_past_that_is_most_like_it(
    make_world: MakeWorld,
) -> None:
    world = make_world(
        schema_pb2.Schema(
            event_types=[
                schema_pb2.EventType(name="rate", positive_at_least=3.0),
                schema_pb2.EventType(name="hide", polarity=schema_pb2.POLARITY_NEGATIVE),
            ]
        )
    )
    world.happened("ann", "a", "h", event_type="rate", value=5.0)
    world.happened("ann", "c", event_type="rate", value=1.0)
    world.happened("ann", "f", event_type="hide")
    answer = await world.ask(Query("ann", 4, shape=Shape(explain=True)))
    because = [(result.item_id, result.because_of_item_id) for result in answer.results]
    assert because == [("b", "a"), ("d", "a"), ("e", "h"), ("g", "h")]
    answer = await world.ask(Query("ann", 1, recent_item_ids=("c",), shape=Shape(explain=True)))
    assert [each.because_of_item_id for each in answer.results] == ["c"]


async def test_without_being_asked_no_reason_is_named(world: World) -> None:
    world.happened("ann", "a")
    answer = await world.ask(Query("ann", 2))
    assert {each.because_of_item_id for each in answer.results} == {""}
    assert world.engine.requests[-1].shaping is None


async def test_items_that_came_after_the_training_stand_among_the_popular_ones(
    world: World,
) -> None:
    world.popularity.add_items(["new", "newer", "nobody wants it"])
    world.happened("bob", *["new"] * 7, *["newer"] * 2, *["a"] * 9, *["not in the catalogue"] * 9)
    answer = await world.ask(Query("stranger", 4))
    assert answer.item_ids == ["a", "b", "new", "c"], "the version's counts are 8, 7, 6 …"
    assert list(answer.scores) == [1, 7 / 8, 7 / 8, 6 / 8]
    everything = await world.ask(Query("stranger", 20))
    assert everything.item_ids[-3:] == ["newer", "h", "nobody wants it"]
    world.make_unavailable({"new"})
    excluding = frozenset({"newer"})
    answer = await world.ask(Query("stranger", 20, excluded_item_ids=excluding))
    assert not {"new", "newer"} & set(answer.item_ids)
    given = await world.ask(Query("stranger", candidate_item_ids=("newer", "b")))
    assert (ids(given), given.missing_item_ids) == ("b", ("newer",))


async def test_a_new_item_may_be_the_most_popular_one(world: World) -> None:
    world.popularity.add_items(["new"])
    world.happened("bob", *["new"] * 16)
    answer = await world.ask(Query("stranger", 2))
    assert (answer.item_ids, list(answer.scores)) == (["new", "a"], [1, 0.5])


async def test_what_is_popular_is_explored_too(world: World) -> None:
    query = Query("stranger", 8, shape=Shape(exploration=1.0))
    for model in (True, False):
        answers = [await world.ask(query, model=model) for _ in range(20)]
        assert len({ids(answer) for answer in answers}) > 1
        assert {"".join(sorted(ids(answer))) for answer in answers} == {"abcdefgh"}
        assert all(answer.results[-1].propensity == 1 for answer in answers), "one was left"
        assert all(answer.results[0].propensity < 1 for answer in answers)
