"""Variety, exploration, reasons and likeness over the wire."""

from collections.abc import Iterator
from typing import Any

import pytest

from recserve.server.engine.contract import EngineOverloaded
from recserve.server.testing import InMemoryServer
from recserve.v1 import recommender_pb2
from server.filtering.shop import SCHEMA_MESSAGE
from server.front_end.wire import Wire, event, refusal

pb = recommender_pb2
ITEMS = tuple("abcdefghij")


@pytest.fixture(scope="module")
def shop(transport_name: Any) -> Iterator[InMemoryServer]:
    kinds = {item_id: {"kind": "late" if item_id > "e" else "early"} for item_id in ITEMS}
    with InMemoryServer(
        item_ids=ITEMS, item_features=kinds, schema=SCHEMA_MESSAGE, transport=transport_name
    ) as server:
        yield server


@pytest.fixture(scope="module")
def known(wire: Wire) -> Wire:
    wire.feedback(event("j"))
    return wire


def similar(wire: Wire, item_id: str, **fields: Any) -> pb.SimilarItemsResponse:
    request = pb.SimilarItemsRequest(item_id=item_id, **fields)
    return wire.recommender.SimilarItems(request, timeout=30)


def ids(answer: Any) -> str:
    return "".join(result.item_id for result in answer.results)


def test_variety_changes_the_order_and_nothing_else(known: Wire) -> None:
    plain, varied = known.recommend(num_results=2), known.recommend(num_results=2, diversity=1.0)
    assert (ids(plain), ids(varied)) == ("ab", "ai")
    assert {result.propensity for result in varied.results} == {1.0}
    assert varied.fallback == pb.FALLBACK_UNSPECIFIED


def test_exploration_says_how_probable_each_result_was(known: Wire) -> None:
    answers = [known.recommend(num_results=9, exploration=1.0) for _ in range(10)]
    assert len({ids(answer) for answer in answers}) > 1
    assert {"".join(sorted(ids(answer))) for answer in answers} == {"abcdefghi"}
    for answer in answers:
        assert all(0 < result.propensity < 1 for result in answer.results[:-1])
        assert answer.results[-1].propensity == 1


def test_reasons_are_named_when_they_are_asked_for(known: Wire) -> None:
    explained = known.recommend(num_results=2, explain=True)
    # Nothing is at a right angle to "j" but "a".
    assert [result.because_of_item_id for result in explained.results] == ["", "j"]
    plain = known.recommend(num_results=2)
    assert {result.because_of_item_id for result in plain.results} == {""}


def test_all_together(known: Wire) -> None:
    answer = known.recommend(
        num_results=3,
        diversity=0.5,
        exploration=0.5,
        explain=True,
        filter="kind = early",
        exclude_item_ids=["a"],
        candidate_item_ids=["a", "b", "c", "f", "j"],
    )
    assert set(ids(answer)) == {"b", "c"}
    assert answer.shortfall == pb.SHORTFALL_CANDIDATES


def test_similar_items_are_the_nearest_ones(known: Wire) -> None:
    answer = similar(known, "d", num_results=2)
    assert set(ids(answer)) == {"c", "e"}
    assert {result.reason for result in answer.results} == {pb.REASON_SIMILAR}
    assert all(0.9 < result.score <= 1 for result in answer.results)
    assert (answer.model_version, answer.shortfall) == (1, pb.SHORTFALL_UNSPECIFIED)
    assert answer.recommendation_id
    assert answer.timing.batch_rows == 1


def test_similar_items_honour_what_must_not_be_returned(known: Wire) -> None:
    answer = similar(
        known, "e", user_id="ann", exclude_item_ids=["f"], filter="kind = late", num_results=9
    )
    assert ids(answer) == "ghi"
    assert answer.shortfall == pb.SHORTFALL_CATALOGUE


def test_feedback_can_name_an_answer_about_similar_items(known: Wire) -> None:
    answer = similar(known, "d")
    stored = known.feedback(event("c", "bob", recommendation_id=answer.recommendation_id))
    assert stored.accepted_count == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"item_id": ""}, "item_id"),
        ({"item_id": "x" * 257}, "item_id"),
        ({"item_id": "a", "num_results": 0}, "num_results"),
        ({"item_id": "a", "exclude_item_ids": [""]}, "exclude_item_ids[0]"),
        ({"item_id": "a", "user_id": "\0"}, "user_id"),
        ({"item_id": "a", "filter": "price >"}, "filter"),
        ({"item_id": "a", "model_label": "newest"}, "model_label"),
        ({"item_id": "a", "model_version": 0}, "model_version"),
    ],
)
def test_a_bad_request_names_the_field(wire: Wire, fields: dict[str, Any], field: str) -> None:
    answer = refusal(similar, wire, **fields)
    answer.check()
    assert field in answer.violations


@pytest.mark.parametrize(
    ("fields", "code", "reason"),
    [
        ({"item_id": "x"}, "NOT_FOUND", "ITEM_NOT_FOUND"),
        ({"item_id": "a", "model_version": 7}, "NOT_FOUND", "VERSION_NOT_FOUND"),
        ({"item_id": "a", "model_label": "canary"}, "NOT_FOUND", "LABEL_NOT_FOUND"),
        ({"item_id": "a", "model": "other"}, "NOT_FOUND", "MODEL_NOT_FOUND"),
    ],
)
def test_what_is_not_there_is_not_found(
    wire: Wire, fields: dict[str, Any], code: str, reason: str
) -> None:
    answer = refusal(similar, wire, **fields)
    answer.check()
    assert (answer.code, answer.reason) == (code, reason)


def test_without_a_version_similar_items_are_unavailable(transport_name: Any) -> None:
    with InMemoryServer(transport=transport_name) as server:
        wire = Wire(server.address)
        answer = refusal(similar, wire, "a")
        wire.close()
    answer.check()
    assert (answer.code, answer.reason) == ("UNAVAILABLE", "NO_MODEL")


def test_overload_says_when_to_come_back(shop: InMemoryServer, wire: Wire) -> None:
    shop.engine.failure = EngineOverloaded("3 requests wait", 0.1)
    try:
        answer = refusal(similar, wire, "a")
    finally:
        shop.engine.failure = None
    assert (answer.code, answer.reason) == ("RESOURCE_EXHAUSTED", "ENGINE_QUEUE_FULL")
    assert answer.retry_seconds > 0
