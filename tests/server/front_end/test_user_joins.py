"""What a visitor did is the user's in the next answer, on both transports."""

from collections.abc import Iterator
from typing import Any

import pytest

from recserve.server.testing import InMemoryServer
from recserve.v1 import recommender_pb2 as pb
from server.front_end.conftest import ITEMS, SHOP
from server.front_end.wire import Wire, event, refusal, user


@pytest.fixture
def wire(transport_name: Any) -> Iterator[Wire]:
    """Of a fresh server for each test: they change what it knows."""
    with InMemoryServer(item_ids=ITEMS, schema=SHOP, transport=transport_name) as server:
        wire = Wire(server.address)
        yield wire
        wire.close()


def ids(answer: pb.RecommendResponse) -> str:
    return "".join(result.item_id for result in answer.results)


def test_the_next_answer_goes_by_what_the_visitor_did(wire: Wire) -> None:
    wire.feedback(event("a", "v7"), event("b", "ann"))
    wire.put_users(user("v7", age=30.0))
    assert ids(wire.recommend("v7", num_results=2)) == "bc"
    assert ids(wire.recommend("ann", num_results=2)) == "ac"

    joined = wire.join_users("v7", "ann")

    assert (joined.user_id, joined.joined_event_count) == ("ann", 1)
    assert ids(wire.recommend("ann", num_results=2)) == "cd"
    assert wire.recommend("v7").fallback == pb.FALLBACK_UNKNOWN_USER
    assert wire.user("ann").features["age"].number == 30.0
    wire.feedback(event("c", "v7"))
    assert ids(wire.recommend("ann", num_results=2)) == "de"
    assert wire.join_users("v7", "ann").joined_event_count == 0


def test_erasing_the_visitor_erases_the_user(wire: Wire) -> None:
    wire.feedback(event("a", "v7"), event("b", "ann"))
    wire.recommend("ann")
    wire.join_users("v7", "ann")

    assert wire.delete_user("v7").deleted_event_count == 2

    assert wire.recommend("ann").fallback == pb.FALLBACK_UNKNOWN_USER


def test_a_join_that_contradicts_or_makes_no_sense_is_refused(wire: Wire) -> None:
    wire.join_users("v7", "ann")
    answer = refusal(wire.join_users, "v7", "bob")
    answer.check()
    assert (answer.code, answer.reason) == ("FAILED_PRECONDITION", "JOINED_ALREADY")
    for visitor, into, fields in [
        ("", "ann", ["visitor_id"]),
        ("v8", "x" * 257, ["user_id"]),
        ("ann", "ann", ["visitor_id"]),
    ]:
        answer = refusal(wire.join_users, visitor, into)
        answer.check()
        assert list(answer.violations) == fields
