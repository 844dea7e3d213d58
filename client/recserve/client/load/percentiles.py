"""Percentiles of a sample, by the nearest rank: each is a value that was measured."""

import math
from collections.abc import Sequence

_POINTS_PER_DECADE = 50


def percentile(ascending: Sequence[float], fraction: float) -> float:
    """The smallest value that at least this fraction of the sample does not exceed.

    Args:
        ascending: The sample in ascending order, not empty.
        fraction: From 0 (the least) to 1 (the greatest).
    """
    # Without the tolerance, 0.07 of 100 would be the eighth: 0.07 * 100 > 7 in floats.
    rank = math.ceil(fraction * len(ascending) - 1e-9)
    return ascending[max(rank, 1) - 1]


def tail_curve(ascending: Sequence[float]) -> list[tuple[float, float]]:
    """The distribution with its tail spread out.

    Args:
        ascending: The sample in ascending order, not empty.

    Returns:
        Pairs of a fraction and the value that at most this fraction of the sample exceeds.
        Fractions descend from 1, evenly on a log scale, to one over the size of the sample, below
        which it says nothing; the last value is the greatest.
    """
    size = len(ascending)
    steps = math.floor(math.log10(size) * _POINTS_PER_DECADE)
    above = [10 ** (-step / _POINTS_PER_DECADE) for step in range(steps + 1)]
    points = [(fraction, percentile(ascending, 1 - fraction)) for fraction in above]
    return [*points, (1 / size, ascending[-1])]
