"""Items and users are put all or nothing, read back, deleted, and in every answer at once."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from recserve.server.catalogue import ItemRecord, UserRecord
from recserve.server.engine.contract import Float32Array, RankingRequest
from recserve.server.testing import InMemoryServer
from recserve.v1 import catalog_pb2, recommender_pb2, schema_pb2
from server.front_end.conftest import ITEMS, SHOP
from server.front_end.wire import Refusal, Wire, event, item, refusal, user

Value = schema_pb2.FeatureValue
pb = recommender_pb2


@pytest.fixture
def shop(transport_name: Any) -> Iterator[InMemoryServer]:
    """A fresh server for each test: they change the catalogue."""
    with InMemoryServer(item_ids=ITEMS, schema=SHOP, transport=transport_name) as server:
        yield server


@pytest.fixture
def wire(shop: InMemoryServer) -> Iterator[Wire]:
    wire = Wire(shop.address)
    yield wire
    wire.close()


def refused(call: Any, *arguments: Any) -> Refusal:
    found = refusal(call, *arguments)
    found.check()
    return found


def ids(answer: pb.RecommendResponse | pb.SimilarItemsResponse) -> str:
    return "".join(result.item_id for result in answer.results)


def test_an_item_is_stored_and_read_back_as_it_was_sent(wire: Wire, shop: InMemoryServer) -> None:
    before = time.time()
    tea = item("tea", False, weight=2.5, kind="drink", tags=["hot", "green"])
    answer = wire.put_items(tea, item("a", weight=1.0))
    assert (answer.created_count, answer.updated_count) == (1, 1)
    features = {"weight": 2.5, "kind": "drink", "tags": ("hot", "green")}
    assert shop.catalogue.get_item("tea") == ItemRecord("tea", features, available=False)
    found = wire.item("tea")
    assert before - 0.001 <= found.update_time.ToMicroseconds() / 1e6 <= time.time() + 0.001
    found.ClearField("update_time")
    assert found == tea


def test_a_user_is_stored_and_read_back_as_sent(wire: Wire, shop: InMemoryServer) -> None:
    ann = user("ann", age=30.0, city="Bern")
    assert wire.put_users(ann, user("bob")).created_count == 2
    assert wire.put_users(ann, user("cid")) == catalog_pb2.UpsertUsersResponse(
        created_count=1, updated_count=1
    )
    assert shop.catalogue.get_user("ann") == UserRecord("ann", {"age": 30.0, "city": "Bern"})
    found = wire.user("ann")
    assert found.HasField("update_time")
    found.ClearField("update_time")
    assert found == ann


def test_a_record_is_replaced_as_a_whole_and_is_available_unless_it_says_otherwise(
    wire: Wire,
) -> None:
    wire.put_items(item("a", False, weight=1.0, kind="drink"))
    wire.put_items(item("a", weight=2.0))
    found = wire.item("a")
    assert found.available
    assert dict(found.features) == {"weight": Value(number=2)}
    wire.put_users(user("ann", age=30.0))
    wire.put_users(user("ann", city="Bern"))
    assert set(wire.user("ann").features) == {"city"}


def test_every_kind_of_feature_comes_back(transport_name: Any) -> None:
    vector = schema_pb2.Feature(name="image", type=schema_pb2.FEATURE_TYPE_VECTOR, dimension=2)
    time_and_tags = [
        schema_pb2.Feature(name="since", type=schema_pb2.FEATURE_TYPE_TIMESTAMP),
        schema_pb2.Feature(name="tags", type=schema_pb2.FEATURE_TYPE_MULTI_VALUED),
        schema_pb2.Feature(name="told", type=schema_pb2.FEATURE_TYPE_TEXT),
    ]
    schema = schema_pb2.Schema(item_features=[vector, *time_and_tags])
    features = {
        "image": Value(vector=schema_pb2.FloatList(values=[0.5, -1])),
        "since": Value(number=86_400.5),
        "tags": Value(strings=schema_pb2.StringList()),
        "told": Value(text="all " * 500),
    }
    with InMemoryServer(schema=schema, transport=transport_name) as server:
        wire = Wire(server.address)
        wire.put_items(catalog_pb2.Item(item_id="a", features=features))
        assert dict(wire.item("a").features) == features
        wire.close()


def test_what_is_not_there_is_not_found(wire: Wire) -> None:
    answer = refused(wire.item, "nothing")
    assert (answer.code, answer.reason) == ("NOT_FOUND", "ITEM_NOT_FOUND")
    answer = refused(wire.user, "nobody")
    assert (answer.code, answer.reason) == ("NOT_FOUND", "USER_NOT_FOUND")
    assert wire.delete_items("a") == 1
    assert refused(wire.item, "a").reason == "ITEM_NOT_FOUND"


def test_every_bad_element_is_named_and_nothing_is_stored(wire: Wire, shop: InMemoryServer) -> None:
    answer = refused(
        wire.put_items,
        item("good"),
        item("", weight=1.0),
        item("x" * 257),
        item("good"),
        item("z", weight=float("nan"), kind=2.0, colour="red", tags=["a" * 1025]),
    )
    assert (answer.code, answer.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert answer.violations == {
        "items[1].item_id": "must not be empty",
        "items[2].item_id": "must not be longer than 256 bytes of UTF-8",
        "items[3].item_id": "is the same as that of items[0]; send each once",
        "items[4].features['weight']": "must be finite",
        "items[4].features['kind']": "must be given as `text`",
        "items[4].features['colour']": (
            "the schema declares no such feature; it has weight, kind, tags"
        ),
        "items[4].features['tags']": "must not be longer than 1024 bytes of UTF-8",
    }
    assert shop.catalogue.get_item("good") is None


def test_every_bad_user_is_named_and_nothing_is_stored(wire: Wire, shop: InMemoryServer) -> None:
    answer = refused(wire.put_users, user("good"), user("\0"), user("good"), user("x", weight=1.0))
    assert set(answer.violations) == {
        "users[1].user_id",
        "users[2].user_id",
        "users[3].features['weight']",
    }
    assert "it has age, city" in answer.violations["users[3].features['weight']"]
    assert shop.catalogue.get_user("good") is None


def test_a_request_has_one_to_a_thousand_elements(wire: Wire) -> None:
    thousand = [str(number) for number in range(1000)]
    calls: list[tuple[Callable[..., Any], Callable[[str], Any], str]] = [
        (wire.put_items, item, "items"),
        (wire.put_users, user, "users"),
        (wire.delete_items, str, "item_ids"),
    ]
    for call, make, field in calls:
        call(*map(make, thousand))
        for bad in ([], [*thousand, "one more"]):
            assert list(refused(call, *map(make, bad)).violations) == [field]


def test_bad_ids_are_refused_by_every_method(wire: Wire) -> None:
    for bad in ("", "ü" * 129, "\0"):
        assert list(refused(wire.item, bad).violations) == ["item_id"]
        assert list(refused(wire.user, bad).violations) == ["user_id"]
        assert list(refused(wire.delete_items, "a", bad).violations) == ["item_ids[1]"]
    assert wire.item("a").available


def test_an_open_schema_declares_no_features_and_takes_none(transport_name: Any) -> None:
    with InMemoryServer(transport=transport_name) as server:
        wire = Wire(server.address)
        answer = refused(wire.put_items, item("a", weight=1.0))
        (told,) = answer.violations.values()
        assert told == "the schema declares no such feature, and none at all here"
        assert wire.put_items(item("a")).created_count == 1
        wire.close()


def test_ids_that_the_catalogue_lacks_are_not_counted_when_they_are_deleted(wire: Wire) -> None:
    assert wire.delete_items("a", "unknown", "a") == 1
    assert wire.delete_items("a", "unknown") == 0


def test_a_deleted_item_is_in_no_answer_until_it_is_put_again(wire: Wire) -> None:
    wire.feedback(event("j"))
    assert ids(wire.recommend()) == "abcdefghi"
    wire.delete_items("a", "e")
    assert ids(wire.recommend()) == "bcdfghi", "from the model"
    assert ids(wire.recommend("stranger")) == "bcdfghij", "from a version's popularity"
    answer = wire.recommend(candidate_item_ids=["e", "c"], candidate_features=b"\0" * 16)
    assert ids(answer) == "c"
    assert not answer.missing_item_ids
    assert "e" not in ids(wire.recommender.SimilarItems(pb.SimilarItemsRequest(item_id="d")))
    wire.put_items(item("e"))
    assert ids(wire.recommend()) == "bcdefghi"
    assert "e" in ids(wire.recommend("stranger"))
    assert "e" in ids(wire.recommender.SimilarItems(pb.SimilarItemsRequest(item_id="d")))


def test_availability_is_in_the_next_answer(wire: Wire) -> None:
    wire.feedback(event("j"))
    for available in (False, True, False):
        wire.put_items(item("a", available))
        assert ("a" in ids(wire.recommend())) is available
        assert ("a" in ids(wire.recommend("stranger"))) is available


def test_filters_know_new_features_at_once(wire: Wire) -> None:
    wire.feedback(event("j"))
    assert ids(wire.recommend(filter='kind = "drink"')) == ""
    wire.put_items(item("c", kind="drink", weight=2.0), item("b", kind="drink"))
    assert ids(wire.recommend(filter='kind = "drink"')) == "bc"
    wire.put_items(item("c", kind="thing"))
    assert ids(wire.recommend(filter='kind = "drink"')) == "b"
    assert ids(wire.recommend("stranger", filter='kind = "drink"')) == "b"
    similar = pb.SimilarItemsRequest(item_id="a", filter='kind = "drink"')
    assert ids(wire.recommender.SimilarItems(similar)) == "b"
    wire.delete_items("b")
    assert ids(wire.recommend(filter='kind = "drink"')) == ""


def test_the_next_answer_is_by_the_users_new_features(transport_name: Any) -> None:
    def older_first(request: RankingRequest) -> Float32Array:
        seen.append(request)
        return scores

    seen: list[RankingRequest] = []
    scores = InMemoryServer(item_ids=ITEMS).engine._scorer(None)  # type: ignore[arg-type]
    with InMemoryServer(
        item_ids=ITEMS, schema=SHOP, scorer=older_first, transport=transport_name
    ) as server:
        wire = Wire(server.address)
        assert wire.recommend().fallback == pb.FALLBACK_UNKNOWN_USER
        wire.put_users(user("ann", age=30.0))
        assert wire.recommend().fallback == pb.FALLBACK_UNSPECIFIED
        wire.put_users(user("ann", age=31.0))
        wire.recommend()
        assert seen[0].user.data != seen[1].user.data
        wire.close()


def test_without_a_version_new_items_are_offered_and_deleted_ones_are_not(
    transport_name: Any,
) -> None:
    schema = schema_pb2.Schema(item_features=SHOP.item_features)
    with InMemoryServer(schema=schema, transport=transport_name) as server:
        wire = Wire(server.address)
        assert ids(wire.recommend(filter="weight > 1")) == ""
        wire.put_items(item("x", weight=1.0), item("y", weight=2.0), item("z", False, weight=3.0))
        assert ids(wire.recommend()) == "xy"
        assert ids(wire.recommend(filter="weight > 1")) == "y"
        assert ids(wire.recommend(candidate_item_ids=["z", "y"])) == "y"
        wire.put_items(item("z", weight=3.0), item("w", weight=0.0))
        wire.feedback(event("z", user_id="bob"))
        assert ids(wire.recommend()) == "zwxy"
        wire.delete_items("z")
        assert ids(wire.recommend()) == "wxy"
        assert ids(wire.recommend(filter="weight > 1")) == "y"
        wire.close()


def test_candidates_that_the_version_does_not_know_are_named(wire: Wire) -> None:
    wire.feedback(event("j"))
    wire.put_items(item("new"))
    answer = wire.recommend(candidate_item_ids=["new", "b"], candidate_features=b"\0" * 16)
    assert list(answer.missing_item_ids) == ["new"]
    assert ids(answer) == "b"
