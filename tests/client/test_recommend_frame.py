import sys

import pandas as pd
import pytest

from client.fake_server import CATALOGUE, SEEN
from recserve.client import MissingDependency, MixedAnswers
from recserve.v1 import recommender_pb2


def test_without_items_the_frame_holds_what_is_recommended(client):
    frame = client.recommend_frame(["u1", "u2"], num_results=2)
    assert list(frame.columns) == ["user_id", "item_id", "score", "recommendation"]
    assert list(zip(frame.user_id, frame.item_id, strict=True)) == [
        ("u1", "item-1"),
        ("u1", "item-2"),
        ("u2", "item-1"),
        ("u2", "item-2"),
    ]
    assert frame.recommendation.all()
    assert frame.score.dtype == "float64"
    assert frame.recommendation.dtype == "bool"


def test_ten_items_are_recommended_by_default(client):
    assert len(client.recommend_frame(["u"])) == 10
    assert client.recommend_frame(["u"], CATALOGUE[:30]).recommendation.sum() == 10


def test_with_items_each_one_is_there_once_seen_ones_and_low_ones_included(client, script):
    items = ["item-5", SEEN, "item-9", "item-5"]
    frame = client.recommend_frame(["u1", "u2", "u1"], items, num_results=1)
    assert list(frame.user_id) == ["u1"] * 3 + ["u2"] * 3
    assert list(frame.item_id) == [SEEN, "item-5", "item-9"] * 2
    assert list(frame.recommendation) == [True, False, False] * 2
    assert all(request.include_seen for request in script.requests["Recommend"])


def test_items_that_the_model_does_not_know_are_left_out(client):
    frame = client.recommend_frame(["u"], ["nothing", "item-3"])
    assert list(frame.item_id) == ["item-3"]


def test_a_threshold_decides_in_place_of_the_top(client):
    items = ["item-0", "item-500", "item-1250", "item-2000"]
    frame = client.recommend_frame(["u"], items, threshold=0.5)
    assert list(frame.recommendation) == [True, True, True, False]
    assert list(frame.score) == pytest.approx([1.0, 0.8, 0.5, 0.2])


def test_a_threshold_and_a_number_must_both_hold(client):
    items = ["item-0", "item-500", "item-1250", "item-2000"]
    frame = client.recommend_frame(["u"], items, threshold=0.5, num_results=2)
    assert list(frame.recommendation) == [True, True, False, False]


def test_a_threshold_without_items_keeps_what_scores_enough(client, script):
    frame = client.recommend_frame(["u"], threshold=0.9)
    assert len(frame) == 250
    assert frame.score.min() >= 0.9
    assert script.requests["Recommend"][0].num_results == 1000


def test_more_items_than_one_call_returns_are_asked_for_in_parts(client, script):
    frame = client.recommend_frame(["u"], reversed(CATALOGUE), num_results=3)
    assert sorted(frame.item_id) == sorted(CATALOGUE)
    assert list(frame.item_id) == list(CATALOGUE)
    assert list(frame[frame.recommendation].item_id) == ["item-0", "item-1", "item-2"]
    sizes = [len(request.candidate_item_ids) for request in script.requests["Recommend"]]
    assert sizes == [1000, 1000, 500]
    assert [request.num_results for request in script.requests["Recommend"]] == sizes


def answered_by(server, version):
    def answer(request):
        server.script.version = version
        return server.recommender._rank(request)

    return answer


def test_parts_that_different_versions_answered_are_asked_for_again(client, server):
    server.script.then("Recommend", answered_by(server, 1), answered_by(server, 2))
    frame = client.recommend_frame(["u"], CATALOGUE[:1500])
    assert len(frame) == 1500
    assert len(server.script.requests["Recommend"]) == 4


def test_versions_that_keep_changing_are_an_error_and_not_a_wrong_frame(client, server):
    server.script.then("Recommend", *[answered_by(server, version) for version in range(6)])
    with pytest.raises(MixedAnswers, match="user 'u'"):
        client.recommend_frame(["u"], CATALOGUE[:1500])


def test_a_part_that_a_fallback_answered_is_asked_for_again(client, server):
    fallback = recommender_pb2.RecommendResponse(
        model_version=3, fallback=recommender_pb2.FALLBACK_DEADLINE
    )
    server.script.then("Recommend", fallback)
    assert len(client.recommend_frame(["u"], CATALOGUE[:1500])) == 1500


def test_many_users_are_asked_for_at_the_same_time_and_stay_in_order(client, script):
    users = [f"user-{number}" for number in range(50)]
    frame = client.recommend_frame(users, num_results=1, concurrency=4)
    assert list(frame.user_id) == users
    assert len(script.requests["Recommend"]) == 50


@pytest.mark.parametrize("items", [None, [], ["item-1"]])
def test_no_users_are_an_empty_frame_with_the_same_columns(client, items):
    frame = client.recommend_frame([], items)
    assert list(frame.columns) == ["user_id", "item_id", "score", "recommendation"]
    assert len(frame) == 0
    assert frame.recommendation.dtype == "bool"


def test_no_items_are_an_empty_frame_and_no_call(client, script):
    assert len(client.recommend_frame(["u"], [])) == 0
    assert script.requests["Recommend"] == []


def test_columns_of_a_frame_may_be_given(client):
    given = pd.DataFrame({"user": ["u1", "u2"], "item": ["item-1", "item-2"]})
    assert len(client.recommend_frame(given.user, given.item)) == 4


def test_the_first_error_ends_the_whole_frame(client, script):
    with pytest.raises(TypeError, match=r"user_ids\[1\] must be a string, got 2"):
        client.recommend_frame(["1", 2])
    with pytest.raises(TypeError, match="context feature 'x'"):
        client.recommend_frame(["1", "2"], context={"x": None})
    assert script.requests["Recommend"] == []


@pytest.mark.parametrize("name", ["num_results", "concurrency"])
def test_a_number_below_one_is_refused(client, name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1"):
        client.recommend_frame(["u"], **{name: 0})


def test_without_pandas_the_error_says_how_to_get_it(client, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependency, match=r"pip install 'recserve\[pandas\]'"):
        client.recommend_frame(["u"])
