import pytest

from recserve.client import Reason, Recommendation, Shortfall
from recserve.v1 import recommender_pb2


def test_the_answer_is_a_ranked_sequence(client):
    answer = client.similar_items("item-7", num_results=2)
    assert answer.item_ids == ("item-8", "item-9")
    assert answer[0] == Recommendation("item-8", 0.5, 1.0, Reason.SIMILAR)
    assert (answer.recommendation_id, answer.model_version) == ("answer-for-item-7", 3)
    assert (answer.fallback, answer.shortfall) == (None, None)


def test_every_option_reaches_the_server(client, script):
    client.similar_items(
        "item-7",
        num_results=5,
        exclude_item_ids=iter(["item-9"]),
        user_id="user-42",
        filter="price < 3",
        model_version=2,
        model="default",
    )
    expected = recommender_pb2.SimilarItemsRequest(
        item_id="item-7",
        num_results=5,
        exclude_item_ids=["item-9"],
        user_id="user-42",
        filter="price < 3",
        model_version=2,
        model="default",
    )
    assert script.requests["SimilarItems"] == [expected]


def test_everything_the_server_says_is_in_the_answer(client, script):
    response = recommender_pb2.SimilarItemsResponse(
        recommendation_id="r", shortfall=recommender_pb2.SHORTFALL_CATALOGUE
    )
    response.timing.inference.FromMicroseconds(2_500)
    script.then("SimilarItems", response)
    answer = client.similar_items("item-7")
    assert answer.shortfall is Shortfall.CATALOGUE
    assert answer.timing.inference_seconds == 0.0025
    assert list(answer) == []


def test_an_answer_about_similar_items_can_be_named_by_feedback(client, script):
    answer = client.similar_items("item-7")
    client.feedback("user-42", answer[0].item_id, "click", recommendation=answer)
    (event,) = script.requests["Feedback"][0].events
    assert event.recommendation_id == "answer-for-item-7"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"item_id": 7}, TypeError, "item_id must be a string"),
        ({"exclude_item_ids": "item-1"}, TypeError, "must be a list of ids"),
        ({"model_label": "stable", "model_version": 1}, ValueError, "not both"),
    ],
)
def test_an_argument_that_cannot_be_sent_is_refused_clearly(
    client, script, arguments, error, message
):
    with pytest.raises(error, match=message):
        client.similar_items(**{"item_id": "item-7", **arguments})
    assert script.requests["SimilarItems"] == []
