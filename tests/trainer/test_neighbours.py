"""Item-to-item weights in closed form, and how a model reads them."""

import numpy as np
import pytest

from recserve.trainer.feature_layout import FeatureLayout
from recserve.trainer.item_similarity import ease, neighbourhood_ridge
from recserve.trainer.item_similarity.neighbourhood_ridge import Neighbourhoods, PairCounts
from recserve.trainer.tables import Events, FeatureTable, Floats, Ints

ITEMS = 30


def events(positive: float = 1.0) -> Events:
    rng = np.random.default_rng(3)
    # Every two items are together somewhere, as a neighbourhood holds no others.
    items = (rng.random(1500) ** 1.5 * ITEMS).astype(int)
    pairs = np.unique(rng.integers(0, 60, 1500) * ITEMS + items)
    count = len(pairs)
    zeros = np.zeros(count, np.int32)
    empty = FeatureTable(
        np.zeros((count, 0), np.float32),
        np.zeros((count, 0), object),
        np.zeros((count, 0, 1), object),
        FeatureLayout(),
    )
    return Events(
        user=(pairs // ITEMS).astype(np.int32),
        item=(pairs % ITEMS).astype(np.int32),
        type=zeros,
        value=np.full(count, np.nan, np.float32),
        time=np.arange(count, dtype=np.float64),
        positive=rng.random(count) < positive,
        weight=np.ones(count, np.float32),
        candidate=np.zeros((count, 0), np.float32),
        context=empty,
        row=np.arange(count, dtype=np.int64),
    )


WHOLE = (20.0, ITEMS, ITEMS)
"""A ridge, and no bound on neighbourhoods and rows."""


def dense(table: Neighbourhoods) -> Floats:
    weights = np.zeros((ITEMS, ITEMS), np.float32)
    for row, (targets, values) in enumerate(zip(table.targets, table.weights, strict=True)):
        weights[row, targets[targets >= 0]] = values[targets >= 0]
    return weights


def test_with_all_items_for_a_neighbourhood_it_is_ease() -> None:
    rows = events()
    exact = ease.solve(ease.user_item(rows, 60, ITEMS), 20.0)

    found = dense(PairCounts(rows, ITEMS).fit(*WHOLE))

    np.testing.assert_allclose(found, exact, atol=1e-4)


def test_pairs_are_the_same_from_the_sparse_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = events()
    expected = PairCounts(rows, ITEMS).fit(*WHOLE)
    monkeypatch.setattr(neighbourhood_ridge, "MOST_DENSE", 0)

    found = PairCounts(rows, ITEMS).fit(*WHOLE)

    np.testing.assert_array_equal(found.targets, expected.targets)
    np.testing.assert_allclose(found.weights, expected.weights, atol=1e-6)


def test_neighbourhoods_and_rows_are_bounded() -> None:
    weights = dense(PairCounts(events(), ITEMS).fit(20.0, support=5, most_targets=4))

    assert ((weights != 0).sum(axis=0) <= 5).all()
    assert ((weights != 0).sum(axis=1) <= 4).all()
    assert not weights.diagonal().any()


def test_items_that_float32_cannot_tell_apart_are_solved_for() -> None:
    counts = PairCounts(events(), ITEMS)
    counts._dense = np.full((ITEMS, ITEMS), 1e7, np.float32)

    weights = dense(counts.fit(12.5, ITEMS, ITEMS))

    assert np.isfinite(weights).all()


def test_negative_events_count_nothing() -> None:
    rows = events(positive=0.7)

    found = PairCounts(rows, ITEMS).fit(*WHOLE)

    np.testing.assert_array_equal(
        found.weights, PairCounts(rows.take(rows.positive), ITEMS).fit(*WHOLE).weights
    )


def chances(rows: Ints, types: Ints, values: Floats, decay: float = 1.0) -> Floats:
    import tensorflow as tf

    from recserve.trainer.model.history import History
    from recserve.trainer.model.neighbours import Neighbours

    neighbours = Neighbours(3, (1.0, 2.0, 0.0), (-np.inf, 3.0, -np.inf))
    table = Neighbourhoods(
        np.array([[1, 2], [0, 2], [0, -1]], np.int32),
        np.array([[0.5, -0.2], [0.3, 0.3], [0.4, 0.0]], np.float32),
    )
    neighbours.remember(table, decay)
    history = History(*(np.asarray([part]) for part in (rows, types, values, values)))
    run = tf.function(neighbours.chances, autograph=False)
    found: Floats = np.asarray(run(History(*map(tf.constant, history)), 4))[0]
    return found


def test_a_history_speaks_for_what_belongs_to_its_positive_events() -> None:
    nan = np.float32(np.nan)
    none = np.array([nan, nan, nan])

    first = chances(np.array([0, -1, -1], np.int32), np.array([0, -1, -1], np.int32), none)
    np.testing.assert_allclose(first, [0, 1, 0, 0])
    # A dislike, a value too low, and an item that came later say nothing.
    low = np.array([nan, 2.0, nan], np.float32)
    silent = chances(np.array([0, 1, 3], np.int32), np.array([2, 1, 0], np.int32), low)
    np.testing.assert_allclose(silent, [0, 0, 0, 0])
    # The second counts twice by its type; what is below zero is left out.
    high = np.array([nan, 4.0, nan], np.float32)
    both = chances(np.array([0, 1, -1], np.int32), np.array([0, 1, -1], np.int32), high)
    np.testing.assert_allclose(both, np.array([0.6, 0.5, 0.4, 0]) / 1.5, rtol=1e-5)


def test_later_events_count_more() -> None:
    rows, types = np.array([0, 2], np.int32), np.array([0, 0], np.int32)
    values = np.full(2, np.nan, np.float32)

    even, decayed = (chances(rows, types, values, decay) for decay in (1.0, 0.5))

    assert decayed[0] > even[0]
    np.testing.assert_allclose(decayed[:2], np.array([0.4, 0.25]) / 0.65, rtol=1e-5)
