"""How far a figure would move if other users had come."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recserve.trainer.tables import Floats, Ints
from recserve.v1 import model_pb2

RESAMPLES = 1000
CHUNK = 50
LEVEL = 0.95


def resamples(user_count: int, seed: int, most: int = RESAMPLES) -> Iterator[Floats]:
    """Draws users with replacement, as many as there are (Efron, 1979).

    The same count and seed give the same draws, so figures from several calls are paired.

    Yields:
        float64 `[r, user_count]`: how often each user is drawn; `most` rows in all.
    """
    rng = np.random.default_rng(seed)
    for first in range(0, most, CHUNK):
        some = min(CHUNK, most - first)
        drawn = rng.integers(user_count, size=(some, user_count))
        drawn += np.arange(some)[:, None] * user_count
        times = np.bincount(drawn.ravel(), minlength=some * user_count)
        yield times.reshape(some, user_count).astype(np.float64)


def sums_by_user(values: Floats, users: Ints) -> Floats:
    """The sum of each column over the rows of each user, float64 `[users, m]`.

    Args:
        values: float `[n, m]`.
        users: int `[n]`, whom each row is about.
    """
    _, group = np.unique(users, return_inverse=True)
    count = int(group.max(initial=-1)) + 1
    return np.stack([np.bincount(group, column, count) for column in values.T], axis=1)


def means(values: Floats, users: Ints, seed: int) -> Floats:
    """Means of each column over resampled users; with a user come all rows about that user.

    Args:
        values: float `[n, m]`; NaN counts neither way.
        users: int `[n]`, whom each row is about.
        seed: Seed of the draws.

    Returns:
        float64 `[RESAMPLES, m]`; NaN where a draw has no value.
    """
    there = ~np.isnan(values)
    sums = sums_by_user(np.where(there, values, 0.0), users)
    sizes = sums_by_user(there.astype(np.float64), users)
    with np.errstate(invalid="ignore"):
        found = [(times @ sums) / (times @ sizes) for times in resamples(len(sums), seed)]
    return np.concatenate(found)


def interval(drawn: Floats) -> model_pb2.Interval | None:
    """The 95 % interval of draws, by percentiles; None where one is no finite number."""
    if not len(drawn) or not np.isfinite(drawn).all():
        return None
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return model_pb2.Interval(low=float(low), high=float(high))


def ratio(over: Floats, under: Floats) -> model_pb2.Interval | None:
    """The 95 % interval of the ratio of paired draws; None where one divides by 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return interval(over / under)
