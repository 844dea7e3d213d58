"""What reaches the engine of a user's past, features and context."""

import numpy as np
import pytest

from recserve.server.engine.contract import RankingRequest
from recserve.server.recommending.query import Query
from recserve.v1 import schema_pb2
from server.recommending.conftest import MakeWorld
from server.recommending.world import World, manifest


def feature(name: str, kind: str) -> schema_pb2.Feature:
    return schema_pb2.Feature(name=name, type=schema_pb2.FeatureType.Value(f"FEATURE_TYPE_{kind}"))


SCHEMA = schema_pb2.Schema(
    event_types=[
        schema_pb2.EventType(name="view"),
        schema_pb2.EventType(name="buy"),
        schema_pb2.EventType(name="shown", polarity=schema_pb2.POLARITY_IMPRESSION),
    ],
    user_features=[
        feature("tags", "MULTI_VALUED"),
        feature("age", "NUMERIC"),
        feature("country", "CATEGORICAL"),
        feature("income", "NUMERIC"),
    ],
    context_features=[feature("device", "CATEGORICAL"), feature("hour", "NUMERIC")],
)


@pytest.fixture
async def shop(make_world: MakeWorld) -> World:
    return make_world(SCHEMA)


async def sent(world: World, query: Query) -> RankingRequest:
    await world.ask(query)
    return world.engine.requests[-1]


def ages(request: RankingRequest) -> list[float]:
    """As the engine counts them, before it makes those of the future 0."""
    return (request.now - request.user.history_times).tolist()


async def test_the_history_comes_oldest_first_with_types_values_and_ages(shop: World) -> None:
    shop.happened("ann", "c", event_type="buy", value=2.5, age=30)
    shop.happened("ann", "a", event_type="view", age=90)
    request = await sent(shop, Query("ann"))
    assert request.user.history_rows.tolist() == [0, 2]
    assert request.user.history_types.tolist() == [0, 1]
    np.testing.assert_array_equal(request.user.history_values, np.float32([np.nan, 2.5]))
    assert ages(request) == [90, 30]


async def test_an_event_of_the_future_keeps_its_time(shop: World) -> None:
    shop.happened("ann", "a", event_type="view", age=-3600)
    assert ages(await sent(shop, Query("ann"))) == [-3600]


async def test_only_the_newest_events_that_the_model_reads_are_sent(shop: World) -> None:
    shop.happened("ann", *"abcdefg", event_type="view")
    assert (await sent(shop, Query("ann"))).user.history_rows.tolist() == [2, 3, 4, 5, 6]


async def test_what_a_version_makes_of_a_profile_is_made_once_and_follows_the_profile(
    shop: World,
) -> None:
    shop.happened("ann", "a", event_type="view")
    first, again = await sent(shop, Query("ann")), await sent(shop, Query("ann"))
    assert again.user is first.user
    shop.happened("ann", "b", event_type="view")
    after = await sent(shop, Query("ann"))
    assert after.user.history_rows.tolist() == [0, 1]
    assert sorted(after.excluded_rows.tolist()) == [0, 1]


async def test_a_version_of_other_items_makes_its_own_of_a_profile(shop: World) -> None:
    shop.happened("ann", "c", event_type="view")
    await sent(shop, Query("ann"))
    shop.version = shop.serving(manifest(SCHEMA), items="hgfedcba")  # loaded anew
    request = await sent(shop, Query("ann"))
    assert request.user.history_rows.tolist() == [5]
    assert request.excluded_rows.tolist() == [5]


async def test_a_model_that_reads_no_history_is_sent_none(shop: World) -> None:
    shop.version = shop.serving(manifest(SCHEMA, history_length=0, uses_history=False))
    shop.happened("ann", "a", event_type="view")
    assert (await sent(shop, Query("ann"))).user.history_rows.tolist() == []


async def test_items_and_types_that_the_version_does_not_know_leave_no_gap(shop: World) -> None:
    shop.happened("ann", "a", "new", "b", event_type="view")
    shop.happened("ann", "c", event_type="older_than_the_schema")
    shop.happened("ann", "d", event_type="shown")
    assert (await sent(shop, Query("ann"))).user.history_rows.tolist() == [0, 1]


async def test_session_items_come_last_as_events_of_the_first_type_just_now(shop: World) -> None:
    shop.happened("ann", "a", event_type="buy", age=5)
    request = await sent(shop, Query("ann", recent_item_ids=("h", "unknown", "g")))
    assert request.user.history_rows.tolist() == [0, 7, 6]
    assert request.user.history_types.tolist() == [1, 0, 0]
    assert ages(request) == [5, 0, 0]
    np.testing.assert_array_equal(request.user.history_values, np.float32([np.nan] * 3))


async def test_without_a_clock_no_event_has_an_age(make_world: MakeWorld) -> None:
    schema = schema_pb2.Schema()
    schema.source.timestamp_kind = schema_pb2.TIMESTAMP_KIND_SEQUENCE
    world = make_world(schema)
    world.happened("ann", "a")
    request = await sent(world, Query("ann", recent_item_ids=("b",)))
    assert np.isnan(request.user.history_times).tolist() == [True, True]


async def test_under_an_open_schema_every_event_is_of_type_0(world: World) -> None:
    world.happened("ann", "a", event_type="anything")
    assert (await sent(world, Query("ann"))).user.history_types.tolist() == [0]


async def test_features_come_by_type_in_declared_order_with_gaps_for_unknown_ones(
    shop: World,
) -> None:
    shop.knows("ann", income=10.0, country="de", tags=("x", "y"))
    context = {"hour": 7.0}
    request = await sent(shop, Query("ann", context=context))
    np.testing.assert_array_equal(request.user.user_numeric, np.float32([np.nan, 10]))
    assert request.context_numeric.tolist() == [7]
    assert request.user.strings == ("de", "x", "y", "")
    assert request.context_strings == ("",)


async def test_too_many_values_of_a_multi_valued_feature_are_cut(shop: World) -> None:
    shop.knows("ann", tags=tuple("vwxyz"))
    request = await sent(shop, Query("ann", context={"device": "phone"}))
    assert request.user.strings == ("", "v", "w", "x")
    assert request.context_strings == ("phone",)


async def test_features_of_another_kind_than_declared_are_unknown(shop: World) -> None:
    """The catalogue may have been filled for an earlier schema."""
    shop.knows("ann", age="forty", country=49.0, tags="x", income=1.0)
    request = await sent(shop, Query("ann"))
    np.testing.assert_array_equal(request.user.user_numeric, np.float32([np.nan, 1]))
    assert set(request.user.strings) == {""}


async def test_numbers_beyond_float32_stay_finite(shop: World) -> None:
    shop.knows("ann", age=1e300, income=-1e300)
    shop.happened("ann", "a", event_type="buy", value=1e300)
    request = await sent(shop, Query("ann", context={"hour": -1e39}))
    greatest = np.finfo(np.float32).max
    assert request.user.user_numeric.tolist() == [greatest, -greatest]
    assert request.context_numeric.tolist() == [-greatest]
    assert request.user.history_values.tolist() == [greatest]


RICH = schema_pb2.Schema(
    event_types=[schema_pb2.EventType(name="view")],
    user_features=[
        schema_pb2.Feature(name="taste", type=schema_pb2.FEATURE_TYPE_VECTOR, dimension=2),
        feature("about", "TEXT"),
        feature("joined", "TIMESTAMP"),
        feature("tags", "MULTI_VALUED"),
        feature("country", "CATEGORICAL"),
        feature("age", "NUMERIC"),
    ],
    context_features=[
        schema_pb2.Feature(name="photo", type=schema_pb2.FEATURE_TYPE_VECTOR, dimension=3),
        feature("now", "TIMESTAMP"),
        feature("search", "TEXT"),
    ],
)


async def test_times_texts_and_vectors_come_in_the_order_of_the_signatures(
    make_world: MakeWorld,
) -> None:
    shop = make_world(RICH)
    strings = {"country": "NL", "about": "I like tea", "tags": ("a", "b")}
    shop.knows("ann", age=30.0, joined=86_400.0 * 1.5, taste=(0.5, -1.0), **strings)
    context = {"now": 43_200.0, "photo": (1.0, 2.0, 3.0), "search": "green tea"}
    request = await sent(shop, Query("ann", context=context))
    assert request.user.user_numeric.tolist() == [30, 1.5, 0.5, -1]
    assert request.user.strings == ("NL", "I like tea", "a", "b", "")
    assert request.context_numeric.tolist() == [0.5, 1, 2, 3]
    assert request.context_strings == ("green tea",)


async def test_a_value_that_does_not_fit_the_version_is_unknown_to_it(
    make_world: MakeWorld,
) -> None:
    shop = make_world(RICH)
    shop.knows("ann", taste=(0.5,), joined="soon", tags=(1.0, 2.0), about=3.0)
    request = await sent(shop, Query("ann", context={"photo": ("a", "b", "c")}))
    assert np.isnan(request.user.user_numeric).all()
    assert request.user.strings == ("",) * 5
    assert np.isnan(request.context_numeric).all()
