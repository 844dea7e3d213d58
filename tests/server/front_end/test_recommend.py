"""What a good request gets."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from recserve.server.engine.contract import EngineOverloaded
from recserve.server.testing import InMemoryServer
from recserve.v1 import recommender_pb2
from server.front_end.conftest import ITEMS
from server.front_end.wire import Wire, event, refusal

pb = recommender_pb2


@pytest.fixture
def fresh(transport_name: Any) -> Iterator[InMemoryServer]:
    with InMemoryServer(item_ids=ITEMS, transport=transport_name) as server:
        yield server


@pytest.fixture
def caller(fresh: InMemoryServer) -> Iterator[Wire]:
    wire = Wire(fresh.address)
    yield wire
    wire.close()


def test_a_known_user_gets_a_personal_ranking(fresh: InMemoryServer, caller: Wire) -> None:
    caller.feedback(event("j"))
    answer = caller.recommend(num_results=3)
    assert [result.item_id for result in answer.results] == ["a", "b", "c"]
    assert {result.reason for result in answer.results} == {pb.REASON_PERSONAL}
    assert {result.propensity for result in answer.results} == {1.0}
    assert (answer.model_version, answer.fallback, answer.shortfall) == (1, 0, 0)
    assert answer.timing.batch_rows == 1
    assert answer.timing.total.ToNanoseconds() > 0


def test_ten_results_are_the_default(caller: Wire) -> None:
    assert len(caller.recommend().results) == 10


def test_a_stranger_gets_the_popular_items_and_is_told_so(caller: Wire) -> None:
    answer = caller.recommend(num_results=1)
    assert answer.fallback == pb.FALLBACK_UNKNOWN_USER
    assert answer.results[0].reason == pb.REASON_POPULAR
    assert answer.timing.batch_rows == 0


def test_an_anonymous_session_is_ranked_by_its_items(caller: Wire) -> None:
    answer = caller.recommend("", num_results=2, recent_item_ids=["a"])
    assert [result.item_id for result in answer.results] == ["b", "c"]
    assert answer.fallback == pb.FALLBACK_UNSPECIFIED


def test_fewer_results_come_with_the_reason(caller: Wire) -> None:
    answer = caller.recommend(num_results=10, exclude_item_ids=["a"])
    assert (len(answer.results), answer.shortfall) == (9, pb.SHORTFALL_CATALOGUE)
    answer = caller.recommend(candidate_item_ids=["b", "x"])
    assert (len(answer.results), answer.shortfall) == (1, pb.SHORTFALL_CANDIDATES)
    assert list(answer.missing_item_ids) == ["x"]


def test_candidate_features_reach_the_engine(shop: InMemoryServer, wire: Wire) -> None:
    matrix = np.array([[1, 2], [3, 4]], "<f4")
    wire.recommend("eve", candidate_item_ids=["c", "d"], candidate_features=matrix.tobytes())
    request = shop.engine.requests[-1]
    assert request.candidate_features.tolist() == [1, 2, 3, 4]


def test_validate_only_asks_nobody(fresh: InMemoryServer, caller: Wire) -> None:
    caller.feedback(event())
    assert caller.recommend(validate_only=True) == pb.RecommendResponse()
    assert fresh.engine.requests == []


def test_the_version_may_be_named_by_number_or_label(caller: Wire) -> None:
    assert caller.recommend(model_version=1).model_version == 1
    assert caller.recommend(model_label="stable").model_version == 1


def test_without_a_version_the_counts_answer(transport_name: Any) -> None:
    with InMemoryServer(transport=transport_name) as server:
        wire = Wire(server.address)
        wire.feedback(event("x", "bob"), event("x", "bob"), event("y", "bob"))
        answer = wire.recommend(num_results=5)
        wire.close()
    assert [result.item_id for result in answer.results] == ["x", "y"]
    assert (answer.model_version, answer.fallback) == (0, pb.FALLBACK_NO_MODEL)
    assert answer.shortfall == pb.SHORTFALL_CATALOGUE


def test_overload_says_when_to_come_back(fresh: InMemoryServer, caller: Wire) -> None:
    caller.feedback(event())
    fresh.engine.failure = EngineOverloaded("3 requests wait", 0.1)
    answer = refusal(caller.recommend)
    answer.check()
    assert (answer.code, answer.reason) == ("RESOURCE_EXHAUSTED", "ENGINE_QUEUE_FULL")
    assert answer.retry_seconds > 0
