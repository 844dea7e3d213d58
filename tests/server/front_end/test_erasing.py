"""A user who is erased is unknown to every later answer, and the receipt says who learned."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from recserve.server.supervision import InMemorySupervision
from recserve.server.testing import InMemoryServer
from recserve.v1 import model_pb2, recommender_pb2, training_pb2
from server.front_end.conftest import ITEMS, SHOP
from server.front_end.eventually import eventually
from server.front_end.wire import Wire, event, refusal, user

pb = recommender_pb2


@pytest.fixture
def shop(transport_name: Any) -> Iterator[InMemoryServer]:
    """A fresh server for each test: they change what it knows."""
    with InMemoryServer(item_ids=ITEMS, schema=SHOP, transport=transport_name) as server:
        yield server


@pytest.fixture
def wire(shop: InMemoryServer) -> Iterator[Wire]:
    wire = Wire(shop.address)
    yield wire
    wire.close()


def ids(answer: pb.RecommendResponse) -> str:
    return "".join(result.item_id for result in answer.results)


def test_the_next_answer_is_like_an_unknown_users(wire: Wire) -> None:
    wire.put_users(user("ann", age=30.0))
    wire.feedback(event("a"), event("b"))
    assert ids(wire.recommend("ann", num_results=3)) == "cde"
    receipt = wire.delete_user("ann")
    assert receipt.deleted_event_count == 2
    answer, stranger = wire.recommend("ann", num_results=3), wire.recommend("eve", num_results=3)
    assert answer.fallback == stranger.fallback == pb.FALLBACK_UNKNOWN_USER
    assert ids(answer) == ids(stranger) == "abc"
    assert refusal(wire.user, "ann").reason == "USER_NOT_FOUND"


def test_popularity_no_longer_counts_what_the_user_did(transport_name: Any) -> None:
    with InMemoryServer(schema=SHOP, transport=transport_name) as server:
        wire = Wire(server.address)
        wire.feedback(event("x", "ann"), event("y", "ann"), event("y", "ann"), event("x", "bob"))
        wire.feedback(event("x", "cid"), event("z", "cid"))
        assert ids(wire.recommend("eve")) == "xyz"
        wire.delete_user("bob")
        wire.delete_user("cid")
        assert ids(wire.recommend("eve"))[:2] == "yx"
        wire.close()


def test_the_answer_log_forgets_the_user_also_what_waits_to_be_written(
    wire: Wire, shop: InMemoryServer
) -> None:
    wire.feedback(event("a", "ann"), event("a", "bob"))
    wire.recommend("ann")
    eventually(lambda: shop.answers.answers, "the first answer is written")
    wire.recommend("ann")
    wire.recommend("bob")
    wire.delete_user("ann")
    last = wire.recommend("bob").recommendation_id
    eventually(lambda: last in shop.answers.answers, "what came later is written")
    assert {each.user_id for each in shop.answers.answers.values()} == {"bob"}


def test_a_repeated_erasure_has_the_same_receipt_and_erases_what_came_since(wire: Wire) -> None:
    wire.feedback(event("a", "ann"), event("b", "bob"))
    before = time.time()
    first = wire.delete_user("ann")
    wire.feedback(event("c", "ann"), event("d", "ann"))
    second, third = wire.delete_user("ann"), wire.delete_user("ann")
    other = wire.delete_user("bob")
    assert first.receipt_id == second.receipt_id == third.receipt_id != other.receipt_id
    counts = [each.deleted_event_count for each in (first, second, third)]
    assert counts == [1, 2, 0]
    assert "ann" not in str(first)
    assert before - 0.001 <= first.complete_time.ToMicroseconds() / 1e6 <= time.time() + 0.001
    assert first.retraining_mode == model_pb2.TRAINING_MODE_FULL


def test_an_unknown_user_gets_a_receipt(wire: Wire) -> None:
    receipt = wire.delete_user("nobody")
    assert receipt.receipt_id
    assert receipt.HasField("complete_time")
    assert not receipt.deleted_event_count
    assert not receipt.model_versions
    assert not receipt.training_runs


def test_the_versions_that_learned_from_the_user_are_named_again_and_again(
    wire: Wire, shop: InMemoryServer
) -> None:
    manifest = shop._versions.manifest(1)
    manifest.lineage.log_position = 2
    manifest.lineage.first_event_time.seconds = 1_000
    manifest.lineage.last_event_time.seconds = 2_000
    shop._versions.put(manifest)
    wire.feedback(event("a", "ann", event_time={"seconds": 1_500}))
    wire.feedback(event("a", "bob", event_time={"seconds": 999}))
    wire.feedback(event("a", "cid", event_time={"seconds": 1_500}))
    assert list(wire.delete_user("bob").model_versions) == [], "before the first that it learned"
    assert list(wire.delete_user("cid").model_versions) == [], "came later"
    named = ["models/default/versions/1"]
    assert [list(wire.delete_user("ann").model_versions) for _ in range(2)] == [named, named]


@pytest.mark.parametrize("user_id", ["", "x" * 257, "ü" * 129, "a\0b"])
def test_an_id_that_is_none_is_refused(wire: Wire, user_id: str) -> None:
    answer = refusal(wire.delete_user, user_id)
    answer.check()
    assert (answer.code, answer.reason) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert list(answer.violations) == ["user_id"]


def test_a_training_at_work_is_named(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never_ends(self: object, order: object) -> None: ...

    monkeypatch.setattr(InMemorySupervision, "train", never_ends)
    wire.feedback(event("a", "ann"))
    run = wire.recommender.Train(training_pb2.TrainRequest(), timeout=10)
    assert list(wire.delete_user("ann").training_runs) == [run.name]


def test_a_training_that_has_ended_is_not_at_work(wire: Wire) -> None:
    run = wire.recommender.Train(training_pb2.TrainRequest(), timeout=10)
    request = training_pb2.WatchTrainingRunRequest(name=run.name)
    for _ in wire.training.WatchTrainingRun(request, timeout=10):
        pass
    assert list(wire.delete_user("ann").training_runs) == []


def test_a_training_from_a_dataset_reads_no_events(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never_ends(self: object, order: object) -> None: ...

    monkeypatch.setattr(InMemorySupervision, "train", never_ends)
    wire.recommender.Train(training_pb2.TrainRequest(dataset_path="data"), timeout=10)
    assert list(wire.delete_user("ann").training_runs) == []
