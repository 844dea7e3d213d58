"""The metrics, against figures worked out by hand and against scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from recserve.trainer.evaluation import (
    bootstrap,
    calibration,
    classification,
    item_facts,
    long_tail,
    popularity,
    ranking,
)
from recserve.trainer.feature_layout import FeatureLayout
from recserve.trainer.tables import Events, FeatureTable, Tables
from trainer import handmade

ITEMS = 40


def test_ranking_metrics_are_what_they_are_by_hand() -> None:
    rows = np.array([[3, 1, 2, 30, 4, 5, 6, 7, 8, 9], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]])
    relevant = ranking.Relevant.of(np.array([0, 0, 0, 1]), np.array([1, 30, 31, 20]), ITEMS)

    found = ranking.metrics(rows, relevant)

    # Question 0: two of three right items, at ranks 2 and 4; question 1: nothing.
    ideal = 1 + 1 / math.log2(3) + 1 / math.log2(4)
    assert found["recall@10"] == pytest.approx([2 / 3, 0])
    assert found["ndcg@10"] == pytest.approx([(1 / math.log2(3) + 1 / math.log2(5)) / ideal, 0])
    assert found["mrr@10"] == pytest.approx([1 / 2, 0])
    assert found["map@10"] == pytest.approx([(1 / 2 + 2 / 4) / 3, 0])
    assert ranking.coverage(rows, ITEMS) == pytest.approx(11 / ITEMS)


def test_a_question_without_a_right_answer_has_no_metrics() -> None:
    relevant = ranking.Relevant.of(np.array([1]), np.array([5]), ITEMS)

    found = ranking.metrics(np.array([np.arange(10), np.arange(10)]), relevant)

    for name in ("recall@10", "ndcg@10", "mrr@10", "map@10"):
        assert np.isnan(found[name]).tolist() == [True, False], name


@given(st.data())
def test_ndcg_is_that_of_scikit_learn(data: st.DataObject) -> None:
    rows = np.array([data.draw(st.permutations(range(ITEMS)))])
    right = data.draw(st.sets(st.integers(0, ITEMS - 1), min_size=1, max_size=20))
    relevant = ranking.Relevant.of(np.zeros(len(right), int), np.array(sorted(right)), ITEMS)

    found = ranking.metrics(rows, relevant)["ndcg@10"][0]

    truth = np.isin(np.arange(ITEMS), list(right)).astype(float)[None]
    scores = np.empty((1, ITEMS))
    scores[0, rows[0]] = np.arange(ITEMS, 0, -1)
    assert found == pytest.approx(ndcg_score(truth, scores, k=10))


def test_right_answers_are_numbered_anew_with_their_questions() -> None:
    relevant = ranking.Relevant.of(np.array([0, 1, 1, 3]), np.array([7, 2, 5, 9]), ITEMS)

    some = relevant.take(np.array([3, 1]))

    assert some.counts(2).tolist() == [1, 2]
    assert some.hits(np.array([[9, 2], [9, 5]])).tolist() == [[True, False], [False, True]]
    assert some.among(np.arange(ITEMS) == 5).counts(2).tolist() == [0, 1]


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


def test_pairs_count_by_user_in_every_draw() -> None:
    """With every user drawn once, the draws are the metrics themselves."""
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(30), 8)
    labels = rng.integers(0, 2, len(users))
    scores = np.clip(labels * 0.2 + rng.random(len(users)).round(1) * 0.8, 0, 1)

    drawn = classification.draws(labels, scores, users, seed=3)
    (once, *_) = next(bootstrap.resamples(30, 3))

    copies = np.repeat(np.arange(len(users)), once.astype(int)[users])
    expected = classification.metrics(labels[copies], scores[copies])
    assert {name: values[0] for name, values in drawn.items()} == pytest.approx(expected)


def test_a_list_is_as_diverse_as_its_items_are_different() -> None:
    features = FeatureTable(
        np.zeros((4, 0), np.float32),
        np.empty((4, 0), object),
        np.array([[["a", "b"]], [["a", "b"]], [["a", "c"]], [["d", ""]]], object),
        FeatureLayout(multi_valued=1),
    )
    facts = item_facts.ItemFacts.of(*tables_of(features))

    lists = np.array([[0, 1, -1], [0, 2, -1], [0, 3, -1], [0, 1, 3], [2, -1, -1]])

    # Cosines: 1, 1/2 and 0; three items: the mean of 1, 0 and 0; one item: none.
    found = facts.diversity(lists)
    assert found[:4] == pytest.approx([0.0, 0.5, 1.0, 2 / 3], abs=1e-9)
    assert np.isnan(found[4])


def test_without_features_items_are_alike_by_who_had_them() -> None:
    facts = item_facts.ItemFacts.of(*tables_of(None))

    # Items 0 and 1 share one of two users each; nobody had item 3.
    assert facts.diversity(np.array([[0, 1], [0, 3]])) == pytest.approx([0.5, 1.0])


def test_what_few_users_had_is_novel() -> None:
    facts = item_facts.ItemFacts.of(*tables_of(None))

    # Of three users, two had item 0 and nobody had item 3.
    assert facts.novelty(np.array([[0, -1], [0, 3]])) == pytest.approx(
        [-math.log2(3 / 4), (-math.log2(3 / 4) - math.log2(1 / 4)) / 2]
    )


def tables_of(features: FeatureTable | None) -> tuple[Tables, Events]:
    """Four items; users 0 and 1 had item 0, 1 and 2 had item 1, 2 had item 2."""
    events = handmade.events([0, 1, 1, 2, 2], [0, 0, 1, 1, 2])
    return handmade.tables(events, 4, features), events


def test_the_bins_of_calibration_hold_as_many_pairs_each() -> None:
    scores = np.linspace(0.0, 1.0, 200)
    labels = (np.arange(200) % 2).astype(int)

    found = calibration.measure(labels, scores)

    assert [part.pair_count for part in found.bins] == [20] * 10
    assert found.bins[0].mean_score == pytest.approx(scores[:20].mean())
    assert found.bins[0].positive_share == 0.5
    assert found.expected_error == pytest.approx(
        np.mean([abs(part.mean_score - part.positive_share) for part in found.bins])
    )


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_one_score_for_all_is_one_bin(share: float) -> None:
    labels = (np.arange(100) < 100 * share).astype(int)

    found = calibration.measure(labels, np.full(100, 0.3))

    assert [part.pair_count for part in found.bins] == [100]
    assert found.expected_error == pytest.approx(abs(share - 0.3))


def test_deciles_begin_with_the_most_popular_items() -> None:
    weights = np.array([1.0, 30.0, *[3.0] * 18])
    rows = np.array([[1, 0], [1, 2], [1, -1]])

    found = long_tail.deciles(rows, weights)

    assert [part.item_count for part in found] == [2] * 10
    assert found[0].event_share == pytest.approx(33 / 85)
    assert found[0].recommendation_share == pytest.approx(4 / 5)
    assert found[-1].recommendation_share == pytest.approx(1 / 5)
    assert sum(part.event_share for part in found) == pytest.approx(1.0)
    assert len(long_tail.deciles(rows[:1], np.ones(3))) == 3
