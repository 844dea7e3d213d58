import uuid
from datetime import UTC, datetime, timedelta, timezone

import grpc
import pytest

from client.fake_server import Failure
from recserve.client import Event, FeedbackReceipt


def test_an_event_is_stored_and_counted(client, server):
    receipt = client.feedback("user-42", "item-7", "click")
    assert receipt == FeedbackReceipt(accepted_count=1, duplicate_count=0, log_position=1)
    (event,) = server.recommender.log.values()
    assert (event.user_id, event.item_id, event.event_type) == ("user-42", "item-7", "click")
    assert not event.HasField("value")
    assert not event.HasField("event_time")


def test_every_field_of_an_event_reaches_the_server(client, server):
    answer = client.recommend("user-42")
    client.feedback(
        "user-42",
        "item-7",
        "rating",
        value=4.5,
        event_time=datetime(2026, 1, 31, 13, 0, 0, 250_000, timezone(timedelta(hours=1))),
        recommendation=answer,
        context={"device": "phone"},
        event_id="order-1",
    )
    (event,) = server.recommender.log.values()
    assert event.value == 4.5
    assert event.event_time.ToJsonString() == "2026-01-31T12:00:00.250Z"
    assert event.recommendation_id == "answer-for-user-42"
    assert event.context["device"].text == "phone"
    assert event.event_id == "order-1"


def test_a_recommendation_may_be_its_id_and_a_time_epoch_seconds(client, server):
    client.feedback("u", "i", "click", recommendation="abc", event_time=1_700_000_000.5)
    (event,) = server.recommender.log.values()
    assert event.recommendation_id == "abc"
    assert event.event_time.ToDatetime(UTC) == datetime.fromtimestamp(1_700_000_000.5, UTC)


def test_a_retry_carries_the_same_event_id_so_the_event_is_stored_once(client, server, script):
    def store_and_lose_the_answer(request):
        server.recommender._store(request)
        return Failure(grpc.StatusCode.UNAVAILABLE, "connection reset")

    script.then("Feedback", store_and_lose_the_answer, Failure(grpc.StatusCode.UNAVAILABLE))
    receipt = client.feedback("u", "i", "click")
    assert receipt == FeedbackReceipt(accepted_count=0, duplicate_count=1, log_position=1)
    lost, refused, stored = script.requests["Feedback"]
    assert lost == refused == stored


def test_events_get_version_7_ids_in_the_order_of_time(client, script):
    for _ in range(3):
        client.feedback("u", "i", "click")
    ids = [request.events[0].event_id for request in script.requests["Feedback"]]
    assert ids == sorted(set(ids))
    assert {uuid.UUID(one).version for one in ids} == {7}


def test_many_events_go_in_calls_of_at_most_a_thousand(client, script):
    receipt = client.feedback_many(Event("u", f"i{n}", "click") for n in range(2500))
    assert receipt == FeedbackReceipt(accepted_count=2500, duplicate_count=0, log_position=2500)
    assert [len(request.events) for request in script.requests["Feedback"]] == [1000, 1000, 500]


def test_sending_the_same_events_again_stores_nothing_twice(client):
    events = [Event("u", "i", "click"), Event("u", "j", "click")]
    client.feedback_many(events)
    assert client.feedback_many(events) == FeedbackReceipt(0, 2, 2)


def test_no_events_are_no_call(client, script):
    assert client.feedback_many([]) == FeedbackReceipt()
    assert script.requests["Feedback"] == []


def test_recommend_asks_for_the_highest_position_that_feedback_got(client, script):
    client.recommend("u")
    client.feedback_many([Event("u", "i", "click"), Event("u", "j", "click")])
    client.feedback("u", "i", "click", event_id="x")
    client.recommend("u")
    client.recommend("u", min_log_position=0)
    asked = [request.min_log_position for request in script.requests["Recommend"]]
    assert asked == [0, 3, 0]
    assert client.log_position == 3


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"event_time": datetime(2026, 1, 1)}, ValueError, "event_time has no time zone"),
        ({"event_time": float("nan")}, ValueError, "event_time must be seconds since 1970"),
        ({"event_time": 10**30}, ValueError, "event_time must be seconds since 1970"),
        ({"event_time": "today"}, TypeError, "event_time must be a datetime or seconds"),
        ({"item_id": 7}, TypeError, "item_id must be a string, got 7"),
        ({"recommendation": 3}, TypeError, "recommendation must be a string"),
        ({"context": {3: 1.0}}, TypeError, "context feature names must be strings"),
    ],
)
def test_an_event_that_cannot_be_sent_is_refused_clearly(client, script, arguments, error, message):
    with pytest.raises(error, match=message):
        client.feedback(**{"user_id": "u", "item_id": "i", "event_type": "click", **arguments})
    assert script.requests["Feedback"] == []
