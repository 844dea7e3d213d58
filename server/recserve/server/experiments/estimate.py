"""Means over answers, with intervals that know that the answers of one user are alike."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NORMAL_95 = 1.959963984540054
"""97.5 % quantile of the standard normal distribution."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def around(cls, value: float, error: float) -> "Estimate":
        """The interval of a figure with a standard error."""
        return cls(value, value - NORMAL_95 * error, value + NORMAL_95 * error)

    @property
    def error(self) -> float:
        """The standard error."""
        return (self.high - self.low) / (2 * NORMAL_95)


def ratio(tops: Array, bottoms: Array, clusters: Sequence[Hashable]) -> Estimate:
    """The sum of one column over the sum of another, such as successes over answers.

    Variance by the delta method over clusters, since users and not answers are drawn (Deng,
    Knoblich and Lu, "Applying the Delta Method in Metric Analytics", KDD 2018).

    Args:
        tops: Shape `[answers]`.
        bottoms: Shape `[answers]`; its sum is above 0.
        clusters: Whose each answer was.
    """
    top, bottom = _by_cluster(tops, clusters), _by_cluster(bottoms, clusters)
    value = top.sum() / bottom.sum()
    if len(top) < 2:
        return Estimate(value, -np.inf, np.inf)
    residuals = (top - value * bottom) / bottom.mean()
    return Estimate.around(value, float(np.sqrt(residuals.var(ddof=1) / len(top))))


def mean(values: Array, clusters: Sequence[Hashable]) -> Estimate:
    """The mean of a column over answers; see `ratio`."""
    return ratio(values, np.ones(len(values)), clusters)


def difference(one: Estimate, other: Estimate) -> tuple[Estimate, float]:
    """How much one figure is above another that has other users, and the p-value of equality.

    The p-value is two-sided, of a normal test.
    """
    error = float(np.hypot(one.error, other.error))
    apart = one.value - other.value
    if not np.isfinite(error):
        return Estimate(apart, -np.inf, np.inf), 1.0
    if error == 0:
        return Estimate(apart, apart, apart), float(apart == 0)
    return Estimate.around(apart, error), _two_sided(apart / error)


def _two_sided(z: float) -> float:
    return math.erfc(abs(z) / math.sqrt(2))


def _by_cluster(values: Array, clusters: Sequence[Hashable]) -> Array:
    places: dict[Hashable, int] = {}
    owners = np.fromiter(
        (places.setdefault(each, len(places)) for each in clusters), np.int64, len(clusters)
    )
    sums: Array = np.bincount(owners, weights=values, minlength=len(places)).astype(np.float64)
    return sums
