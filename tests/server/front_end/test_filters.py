"""Filters over the wire, with a version and without one."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from recserve.server.catalogue import ItemRecord
from recserve.server.testing import InMemoryServer
from recserve.v1 import recommender_pb2
from server.filtering.shop import SCHEMA_MESSAGE
from server.front_end.wire import Wire, event, refusal

pb = recommender_pb2
ITEMS = ("tea", "cola", "cup", "gift")
FEATURES = {
    "tea": {"price": 2.5, "kind": "drink", "tags": ("hot",)},
    "cola": {"price": 1.0, "kind": "drink"},
    "cup": {"price": 9.99, "kind": "thing"},
}


@pytest.fixture(scope="module", params=[True, False], ids=["version", "no version"])
def shop(request: pytest.FixtureRequest, transport_name: Any) -> Iterator[InMemoryServer]:
    with InMemoryServer(
        item_ids=ITEMS if request.param else (),
        item_features=FEATURES,
        schema=SCHEMA_MESSAGE,
        transport=transport_name,
    ) as server:
        yield server


def ids(answer: pb.RecommendResponse) -> set[str]:
    return {result.item_id for result in answer.results}


@pytest.mark.parametrize("user", ["ann", "stranger"])
def test_only_what_a_filter_lets_through_is_returned(wire: Wire, user: str) -> None:
    wire.feedback(event("cup"))
    answer = wire.recommend(user, filter="kind = drink AND price > 2", include_seen=True)
    assert ids(answer) == {"tea"}
    assert answer.shortfall == pb.SHORTFALL_CATALOGUE


def test_candidates_are_filtered_too(wire: Wire) -> None:
    answer = wire.recommend(filter="price < 9", candidate_item_ids=["cup", "cola"])
    assert ids(answer) == {"cola"}
    assert answer.shortfall == pb.SHORTFALL_CANDIDATES


def test_a_refused_filter_says_where_and_why(wire: Wire) -> None:
    answer = refusal(wire.recommend, filter="kind = drink AND prise > 2")
    answer.check()
    assert answer.violations == {
        "filter": "at character 18: items have no feature 'prise'; did you mean 'price'?"
    }


def test_a_filter_is_checked_without_being_used(wire: Wire) -> None:
    assert refusal(wire.recommend, filter="price >", validate_only=True).code == "INVALID_ARGUMENT"
    assert wire.recommend(filter="price > 1", validate_only=True) == pb.RecommendResponse()


def test_without_declared_features_a_filter_is_refused(transport_name: Any) -> None:
    with InMemoryServer(item_ids=ITEMS, transport=transport_name) as server:
        wire = Wire(server.address)
        answer = refusal(wire.recommend, filter="price > 2")
        wire.close()
    assert "the schema declares none for items" in answer.violations["filter"]


def test_a_filter_follows_the_catalogue(transport_name: Any) -> None:
    with InMemoryServer(
        item_ids=ITEMS, item_features=FEATURES, schema=SCHEMA_MESSAGE, transport=transport_name
    ) as server:
        wire = Wire(server.address)
        assert ids(wire.recommend(filter="price < 2")) == {"cola"}
        server.catalogue.put_items([ItemRecord("gift", {"price": 0.5})])
        wire.feedback(event("tea"))  # the tail looks when something was written
        found: set[str] = set()
        for _ in range(300):
            found = ids(wire.recommend(filter="price < 2"))
            if len(found) == 2:
                break
            time.sleep(0.02)
        wire.close()
    assert found == {"cola", "gift"}
