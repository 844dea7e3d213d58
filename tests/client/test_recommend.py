import dataclasses
import struct

import pytest

from recserve.client import (
    Answer,
    ClientClosed,
    Fallback,
    Reason,
    Recommendation,
    Settings,
    Shortfall,
)
from recserve.v1 import recommender_pb2


def test_an_answer_is_a_ranked_sequence(client):
    answer = client.recommend("user-42", num_results=3)
    assert [result.item_id for result in answer] == ["item-1", "item-2", "item-3"]
    assert answer.item_ids == ("item-1", "item-2", "item-3")
    assert answer[0] == Recommendation("item-1", pytest.approx(0.9996), 1.0, Reason.PERSONAL)
    assert answer[1:] == answer.results[1:]
    assert len(answer) == 3
    assert answer.recommendation_id == "answer-for-user-42"
    assert answer.model_version == 3
    assert answer.fallback is None
    assert answer.shortfall is None


def test_answers_and_results_are_frozen(client):
    answer = client.recommend("user-42")
    with pytest.raises(dataclasses.FrozenInstanceError):
        answer.model_version = 4
    with pytest.raises(dataclasses.FrozenInstanceError):
        answer[0].score = 1.0


def test_every_option_reaches_the_server(client, script):
    client.recommend(
        "user-42",
        num_results=5,
        candidate_item_ids=["item-1", "item-2"],
        candidate_features=[[0.5, 1.0], [2.0, -1.0]],
        exclude_item_ids=("item-9",),
        include_seen=True,
        filter='genre = "Drama"',
        context={"hour": 14, "device": "phone", "tags": ["a", "b"], "place": [0.5, 1.5]},
        recent_item_ids=iter(["item-7"]),
        diversity=0.5,
        diversity_by="clusters",
        exploration=0.25,
        explain=True,
        model_label="canary",
        scenario="home",
        min_log_position=17,
        validate_only=True,
        model="default",
    )
    expected = recommender_pb2.RecommendRequest(
        user_id="user-42",
        num_results=5,
        candidate_item_ids=["item-1", "item-2"],
        candidate_features=struct.pack("<4f", 0.5, 1.0, 2.0, -1.0),
        exclude_item_ids=["item-9"],
        include_seen=True,
        filter='genre = "Drama"',
        recent_item_ids=["item-7"],
        diversity=0.5,
        diversity_basis=recommender_pb2.DIVERSITY_BASIS_CLUSTERS,
        exploration=0.25,
        explain=True,
        model_label="canary",
        scenario="home",
        min_log_position=17,
        validate_only=True,
        model="default",
    )
    expected.context["hour"].number = 14
    expected.context["device"].text = "phone"
    expected.context["tags"].strings.values.extend(["a", "b"])
    expected.context["place"].vector.values.extend([0.5, 1.5])
    assert script.requests["Recommend"] == [expected]


def test_a_version_number_reaches_the_server(client, script):
    client.recommend("user-42", model_version=7)
    assert script.requests["Recommend"][0].WhichOneof("version") == "model_version"
    assert script.requests["Recommend"][0].model_version == 7


def test_everything_the_server_says_is_in_the_answer(client, script):
    response = recommender_pb2.RecommendResponse(
        recommendation_id="r",
        fallback=recommender_pb2.FALLBACK_UNKNOWN_USER,
        shortfall=recommender_pb2.SHORTFALL_CANDIDATES,
        missing_item_ids=["x"],
        log_position=12,
    )
    response.timing.queue.FromMicroseconds(1_500)
    response.timing.inference.FromMicroseconds(2_500)
    response.timing.total.FromMicroseconds(5_000)
    response.timing.batch_rows = 8
    script.then("Recommend", response)
    answer = client.recommend("user-42")
    assert answer.fallback is Fallback.UNKNOWN_USER
    assert answer.fallback == "unknown_user"
    assert answer.shortfall is Shortfall.CANDIDATES
    assert answer.missing_item_ids == ("x",)
    assert answer.log_position == 12
    timing = answer.timing
    assert (timing.queue_seconds, timing.inference_seconds) == (0.0015, 0.0025)
    assert (timing.total_seconds, timing.batch_rows) == (0.005, 8)


def test_what_a_newer_server_may_say_is_other(client, script):
    response = recommender_pb2.RecommendResponse(fallback=99, shortfall=98)
    response.results.add(item_id="item-1", reason=97)
    script.then("Recommend", response)
    answer = client.recommend("user-42")
    assert (answer.fallback, answer.shortfall) == (Fallback.OTHER, Shortfall.OTHER)
    assert answer[0].reason is Reason.OTHER


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"user_id": 42}, TypeError, "user_id must be a string, got 42"),
        ({"exclude_item_ids": "item-1"}, TypeError, "exclude_item_ids must be a list of ids"),
        ({"candidate_item_ids": [1]}, TypeError, r"candidate_item_ids\[0\] must be a string"),
        ({"candidate_item_ids": []}, ValueError, "candidate_item_ids is empty"),
        ({"candidate_features": [[1.0]]}, ValueError, "needs candidate_item_ids"),
        ({"model_label": "stable", "model_version": 1}, ValueError, "not both"),
        ({"context": {"hour": None}}, TypeError, "context feature 'hour' must be a number"),
        ({"timeout": 0}, ValueError, "timeout must be"),
    ],
)
def test_an_argument_that_cannot_be_sent_is_refused_clearly(
    client, script, arguments, error, message
):
    with pytest.raises(error, match=message):
        client.recommend(**{"user_id": "user-42", **arguments})
    assert script.requests["Recommend"] == []


def test_a_call_has_a_deadline_by_default(make_client, script):
    client = make_client(settings=Settings(recommend_timeout=70.0))
    client.recommend("user-42")
    client.recommend("user-42", timeout=30.0)
    first, second = script.seconds_left["Recommend"]
    assert first == pytest.approx(70, abs=10)
    assert second == pytest.approx(30, abs=10)


def test_closing_is_idempotent_and_use_after_it_is_a_clear_error(client, server):
    client.recommend("user-42")
    client.close()
    client.close()
    with pytest.raises(ClientClosed, match=f"this client of {server.address} is closed"):
        client.recommend("user-42")


def test_an_answer_without_results_is_empty_and_no_error(client, script):
    script.then("Recommend", recommender_pb2.RecommendResponse(recommendation_id="r"))
    answer = client.recommend("user-42")
    assert list(answer) == []
    assert answer == Answer((), "r")
