from datetime import UTC, datetime

import grpc
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.fake_server import Failure, bad_request, error_info
from recserve.client import InvalidArgument, Item, NotFound, UpsertReceipt, User
from recserve.client.operations import catalogue as operations
from recserve.client.wire.catalogue import item_from, item_message, user_from, user_message
from recserve.v1 import catalog_pb2, schema_pb2

UNAVAILABLE = Failure(grpc.StatusCode.UNAVAILABLE, "draining", [error_info("DRAINING")])
UPDATED = datetime(2026, 1, 31, 12, tzinfo=UTC)
TEA = Item(
    "tea",
    {"price": 2.5, "kind": "drink", "tags": ("hot", "green"), "image": (0.5, -1.0)},
    available=False,
)


def test_an_item_comes_back_as_it_was_put(client):
    assert client.upsert_items([TEA]) == UpsertReceipt(created_count=1)
    found = client.item("tea")
    assert found == Item("tea", TEA.features, available=False, update_time=UPDATED)
    assert hash(found)
    assert client.upsert_items([found, Item("cup")]) == UpsertReceipt(1, 1)
    assert client.item("cup").available


def test_a_user_comes_back_as_it_was_put(client):
    assert client.upsert_users([User("ann", {"age": 30})]) == UpsertReceipt(created_count=1)
    assert client.user("ann") == User("ann", {"age": 30.0}, UPDATED)


def test_update_times_are_not_sent_and_availability_always_is(client, script):
    client.upsert_items([Item("tea", update_time=UPDATED)])
    client.upsert_users([User("ann", update_time=UPDATED)])
    (item,) = script.requests["UpsertItems"][0].items
    (user,) = script.requests["UpsertUsers"][0].users
    assert item.HasField("available")
    assert item.available
    assert client.item("tea").update_time == UPDATED, "the fake server's"
    assert not user.features


def test_plain_values_of_other_kinds_are_sent_as_what_they_are(client, server):
    moment = datetime(1970, 1, 2, tzinfo=UTC)
    values = {"since": moment, "size": np.float32(0.5), "image": np.ones(2), "year": 1999}
    client.upsert_items([Item("tea", values)])
    features = server.catalogue.items["tea"].features
    assert features["since"].number == 86_400
    assert features["size"].number == 0.5
    assert list(features["image"].vector.values) == [1, 1]
    assert features["year"].number == 1999


def test_what_the_catalogue_lacks_is_not_found(client):
    with pytest.raises(NotFound) as caught:
        client.item("nothing")
    assert caught.value.reason == "ITEM_NOT_FOUND"
    with pytest.raises(NotFound) as caught:
        client.user("nobody")
    assert caught.value.reason == "USER_NOT_FOUND"


def test_items_are_deleted(client):
    client.upsert_items([Item("tea"), Item("cup")])
    assert client.delete_items(["tea", "jar"]) == 1
    with pytest.raises(NotFound):
        client.item("tea")


def test_more_than_a_call_takes_goes_in_several(client, script):
    many = [f"item-{number}" for number in range(2500)]
    assert client.upsert_items(map(Item, many)) == UpsertReceipt(created_count=2500)
    assert [len(request.items) for request in script.requests["UpsertItems"]] == [1000, 1000, 500]
    assert client.upsert_users(map(User, many)) == UpsertReceipt(created_count=2500)
    assert [len(request.users) for request in script.requests["UpsertUsers"]] == [1000, 1000, 500]
    assert client.delete_items(many) == 2500
    assert [len(request.item_ids) for request in script.requests["DeleteItems"]] == [1000] * 2 + [
        500
    ]


def test_long_records_go_in_more_calls(client, script, monkeypatch):
    monkeypatch.setattr(operations, "MOST_BYTES_PER_CALL", 1000)
    client.upsert_items(Item(f"item-{number}", {"told": "x" * 400}) for number in range(5))
    assert [len(request.items) for request in script.requests["UpsertItems"]] == [2, 2, 1]


def test_nothing_is_sent_for_nothing(client, script):
    assert client.upsert_items([]) == client.upsert_users([]) == UpsertReceipt()
    assert client.delete_items([]) == 0
    assert not script.requests


def test_a_refusal_names_the_place_among_all(client, script):
    details = [error_info("INVALID_REQUEST"), bad_request(**{"items[3].item_id": "bad"})]
    refusal = Failure(grpc.StatusCode.INVALID_ARGUMENT, "items[3].item_id: bad", details)
    empty = catalog_pb2.UpsertItemsResponse()
    script.then("UpsertItems", empty, refusal)
    with pytest.raises(InvalidArgument, match=r"items\[1003\]\.item_id: bad") as caught:
        client.upsert_items(Item(str(number)) for number in range(1500))
    assert [each.field for each in caught.value.violations] == ["items[1003].item_id"]


@pytest.mark.parametrize("method", ["UpsertItems", "UpsertUsers", "GetItem", "GetUser"])
def test_calls_that_can_be_repeated_are(client, script, method):
    client.upsert_items([TEA])
    client.upsert_users([User("ann")])
    script.requests.clear()
    script.then(method, UNAVAILABLE)
    client.upsert_items([TEA])
    client.upsert_users([User("ann")])
    client.item("tea")
    client.user("ann")
    assert len(script.requests[method]) == 2


def test_a_deletion_is_repeated_too(client, script):
    script.then("DeleteItems", UNAVAILABLE)
    client.delete_items(["tea"])
    assert len(script.requests["DeleteItems"]) == 2


@pytest.mark.parametrize(
    ("item", "error", "message"),
    [
        (Item(7), TypeError, "item_id must be a string"),
        (Item("tea", {"x": None}), TypeError, "item 'tea': feature 'x' must be a number"),
        (Item("tea", {7: 1.0}), TypeError, "item 'tea': feature names must be strings"),
        (Item("tea", {"x": datetime(2026, 1, 1)}), ValueError, "without a time zone"),
    ],
)
def test_what_cannot_be_sent_is_refused_clearly(client, script, item, error, message):
    with pytest.raises(error, match=message):
        client.upsert_items([item])
    with pytest.raises(TypeError, match="item_ids must be a list"):
        client.delete_items("tea")
    assert not script.requests


def test_a_value_of_a_kind_that_this_release_does_not_know_is_left_out():
    message = catalog_pb2.Item(item_id="tea", features={"x": schema_pb2.FeatureValue()})
    assert item_from(message) == Item("tea")


names = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.one_of(
    st.floats(allow_nan=False),
    texts,
    st.lists(texts, min_size=1).map(tuple),
    st.lists(st.floats(width=32, allow_nan=False), min_size=1).map(tuple),
)


@given(texts, st.dictionaries(names, values), st.booleans())
def test_records_survive_the_way_there_and_back(record_id, features, available):
    item, user = Item(record_id, features, available), User(record_id, features)
    assert item_from(item_message(item)) == item
    assert user_from(user_message(user)) == user
