"""Intervals by resampling users."""

import numpy as np
import pytest

from recserve.trainer.evaluation import bootstrap


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, size=(2000, 1))

    found = bootstrap.interval(bootstrap.means(values, np.arange(2000), seed=1)[:, 0])

    mean, error = values.mean(), values.std() / np.sqrt(2000)
    assert found is not None
    assert found.low == pytest.approx(mean - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(mean + 1.96 * error, abs=0.15 * error)


def test_with_a_user_come_all_that_is_about_the_user() -> None:
    """Copies of a user's row say nothing new."""
    values = np.random.default_rng(0).random((50, 1))
    users = np.arange(50)

    once = bootstrap.means(values, users, seed=1)
    often = bootstrap.means(np.repeat(values, 20, axis=0), np.repeat(users, 20), seed=1)

    assert once == pytest.approx(often)


def test_methods_are_paired() -> None:
    """Twice as good for everybody is twice as good in every draw."""
    values = np.random.default_rng(0).random((80, 1)) + 0.1
    drawn = bootstrap.means(np.hstack([2 * values, values]), np.arange(80), seed=1)

    found = bootstrap.ratio(drawn[:, 0], drawn[:, 1])

    assert found is not None
    assert (found.low, found.high) == pytest.approx((2.0, 2.0))


def test_what_is_missing_counts_neither_way() -> None:
    values = np.array([[1.0], [np.nan], [1.0], [np.nan]] * 25)

    assert bootstrap.means(values, np.arange(100), seed=1) == pytest.approx(np.ones((1000, 1)))


def test_the_same_seed_draws_the_same() -> None:
    values = np.random.default_rng(0).random((30, 2))

    first, again, other = (bootstrap.means(values, np.arange(30), seed) for seed in (1, 1, 2))

    assert (first == again).all()
    assert (first != other).any()


def test_a_ratio_to_nothing_has_no_interval() -> None:
    assert bootstrap.ratio(np.ones(10), np.zeros(10)) is None
