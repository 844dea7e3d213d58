"""Events are stored all or nothing, once each, and the next answer knows of them."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from recserve.server.events import Event
from recserve.server.testing import InMemoryServer
from recserve.v1 import recommender_pb2, schema_pb2
from server.front_end.conftest import ITEMS, SHOP
from server.front_end.wire import Wire, event

Value = schema_pb2.FeatureValue


@pytest.fixture
def shop(transport_name: Any) -> Iterator[InMemoryServer]:
    """A fresh server for each test: they count what is stored."""
    with InMemoryServer(item_ids=ITEMS, schema=SHOP, transport=transport_name) as server:
        yield server


@pytest.fixture
def wire(shop: InMemoryServer) -> Iterator[Wire]:
    wire = Wire(shop.address)
    yield wire
    wire.close()


def stored(shop: InMemoryServer) -> list[Event]:
    return [logged.event for logged in shop.log.after(0, 10_000)]


def items(answer: recommender_pb2.RecommendResponse) -> str:
    return "".join(result.item_id for result in answer.results)


def test_an_event_is_stored_as_it_was_sent(wire: Wire, shop: InMemoryServer) -> None:
    answer = wire.feedback(
        event(
            event_id="e1",
            event_type="buy",
            value=2.5,
            event_time={"seconds": 1_000, "nanos": 500_000_000},
            context={
                "hour": Value(number=7),
                "device": Value(text="phone"),
                "tags": Value(strings=schema_pb2.StringList(values=["x", "y"])),
                "local_time": Value(number=86_400.5),
                "search": Value(text="red shoes " * 200),
                "photo": Value(vector=schema_pb2.FloatList(values=[0.5, -1])),
            },
        )
    )
    context = {"hour": 7.0, "device": "phone", "tags": ("x", "y"), "local_time": 86_400.5}
    context |= {"search": "red shoes " * 200, "photo": (0.5, -1.0)}
    assert stored(shop) == [Event("e1", "ann", "a", "buy", 2.5, 1_000.5, "", context)]
    assert (answer.accepted_count, answer.duplicate_count, answer.log_position) == (1, 0, 1)


def test_absent_fields_get_their_defaults(wire: Wire, shop: InMemoryServer) -> None:
    before = time.time()
    wire.feedback(event(), event())
    one, two = stored(shop)
    assert one.event_id
    assert one.event_id != two.event_id
    assert before <= one.time <= time.time()
    assert one.value is None


def test_an_event_id_counts_once_within_a_call_and_across_calls(
    wire: Wire, shop: InMemoryServer
) -> None:
    first = wire.feedback(event("a", event_id="e1"), event("b", event_id="e1"))
    assert (first.accepted_count, first.duplicate_count) == (1, 1)
    again = wire.feedback(event("c", event_id="e1"), event("d", event_id="e2"))
    assert (again.accepted_count, again.duplicate_count, again.log_position) == (1, 1, 2)
    assert [each.item_id for each in stored(shop)] == ["a", "d"]


def test_validate_only_stores_nothing(wire: Wire, shop: InMemoryServer) -> None:
    answer = wire.feedback(event(), validate_only=True)
    assert answer == recommender_pb2.FeedbackResponse()
    assert stored(shop) == []


def test_items_that_nobody_knows_are_stored(wire: Wire, shop: InMemoryServer) -> None:
    assert wire.feedback(event("brand-new")).accepted_count == 1
    assert [each.item_id for each in stored(shop)] == ["brand-new"]


def test_the_earliest_and_the_latest_time_are_accepted(wire: Wire) -> None:
    tomorrow = int(time.time()) + 86_000
    times = [{"seconds": 0}, {"seconds": tomorrow}]
    assert wire.feedback(*(event(event_time=when) for when in times)).accepted_count == 2


def test_the_next_recommendation_knows_of_the_event(wire: Wire) -> None:
    assert items(wire.recommend(num_results=2)) == "ab"
    position = wire.feedback(event("a")).log_position
    answer = wire.recommend(num_results=2, min_log_position=position)
    assert items(answer) == "bc"
    assert answer.log_position >= position


def test_a_thousand_events_fit_into_one_call(wire: Wire, shop: InMemoryServer) -> None:
    assert wire.feedback(*[event()] * 1000).accepted_count == 1000
    assert len(stored(shop)) == 1000


def test_an_answers_id_comes_back_with_the_event(wire: Wire, shop: InMemoryServer) -> None:
    answer_id = wire.recommend().recommendation_id
    wire.feedback(event(recommendation_id=answer_id))
    assert [each.recommendation_id for each in stored(shop)] == [answer_id]
    assert len(answer_id) <= 64


def test_another_servers_answer_id_is_refused(wire: Wire, transport_name: Any) -> None:
    with InMemoryServer(item_ids=ITEMS, transport=transport_name) as other:
        stranger = Wire(other.address)
        answer_id = stranger.recommend().recommendation_id
        stranger.close()
    with pytest.raises(Exception, match="INVALID_ARGUMENT"):
        wire.feedback(event(recommendation_id=answer_id))
