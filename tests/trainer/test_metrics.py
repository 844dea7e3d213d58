"""The metrics, against figures worked out by hand and against scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from recserve.trainer.evaluation import classification, popularity, ranking

ITEMS = 40


def test_ranking_metrics_are_what_they_are_by_hand() -> None:
    rows = np.array([[3, 1, 2, 0, 4, 5, 6, 7, 8, 9], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]])
    relevant = ranking.Relevant.of(np.array([0, 0, 1]), np.array([1, 30, 20]), ITEMS)

    found = ranking.metrics(np.array([0, 1]), rows, relevant)

    # User 0: one of two right items, at rank 2; user 1: nothing.
    ideal = 1 + 1 / math.log2(3)
    assert found["recall@10"] == pytest.approx((1 / 2 + 0) / 2)
    assert found["ndcg@10"] == pytest.approx((1 / math.log2(3)) / ideal / 2)
    assert found["mrr@10"] == pytest.approx((1 / 2 + 0) / 2)
    assert found["coverage@10"] == pytest.approx(10 / ITEMS)


@given(st.data())
def test_ndcg_is_that_of_scikit_learn(data: st.DataObject) -> None:
    rows = np.array([data.draw(st.permutations(range(ITEMS)))])
    right = data.draw(st.sets(st.integers(0, ITEMS - 1), min_size=1, max_size=20))
    relevant = ranking.Relevant.of(np.zeros(len(right), int), np.array(sorted(right)), ITEMS)

    found = ranking.metrics(np.array([0]), rows, relevant)["ndcg@10"]

    truth = np.isin(np.arange(ITEMS), list(right)).astype(float)[None]
    scores = np.empty((1, ITEMS))
    scores[0, rows[0]] = np.arange(ITEMS, 0, -1)
    assert found == pytest.approx(ndcg_score(truth, scores, k=10))


@given(st.data())
def test_the_baseline_is_the_most_popular_of_what_is_not_excluded(data: st.DataObject) -> None:
    weights = np.array(data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=15)), float)
    excluded = data.draw(st.lists(st.integers(0, len(weights) - 1), max_size=15, unique=True))
    rows = popularity.recommend(weights, np.array([[*excluded, -1]]), 5)[0]

    expected = [i for i in np.argsort(-weights, kind="stable") if i not in excluded][:5]
    assert rows.tolist() == expected + [-1] * (5 - len(expected))


def test_smoothed_rates_draw_rare_items_to_the_overall_share() -> None:
    items, positive = np.array([0, 0, 0, 0, 1]), np.array([1, 1, 1, 1, 0])

    rates = popularity.smoothed_rates(items, positive, 3, strength=10.0)

    assert rates == pytest.approx([(4 + 8) / 14, (0 + 8) / 11, 0.8])


def test_classification_metrics_are_what_they_are_by_hand() -> None:
    labels, scores = np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.6, 0.1])

    found = classification.metrics(labels, scores)

    assert found["accuracy"] == found["precision"] == found["recall"] == found["f1"] == 0.5
    assert found["auc"] == 0.75
    assert found["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.4, 0.9]).mean())


def test_auc_is_left_out_where_all_labels_are_the_same() -> None:
    assert "auc" not in classification.metrics(np.array([1, 1]), np.array([0.2, 0.8]))
