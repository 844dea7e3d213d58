"""How far data is from what another version was trained on."""

from __future__ import annotations

import math

import numpy as np

from recserve.trainer.checks.finding import Finding, skipped
from recserve.trainer.tables import Floats
from recserve.v1 import model_pb2

MOST_SHOWN = 3
DEVIATIONS = 4.0
"""So far samples of one distribution may lie from the mean: many are compared at once."""


def drift(
    base: model_pb2.DataSummary | None,
    now: model_pb2.DataSummary,
    version: int,
    warns_from: float,
    fails_from: float,
) -> Finding:
    """Compares the distributions of two summaries; the figure is the greatest distance.

    Args:
        base: That of the other version's data; None if there is no other version.
        now: That of the new data, with the bins and values of the other.
        version: The number of the other version.
        warns_from: The distance from which on it warns.
        fails_from: The distance from which on it fails.
    """
    if base is None:
        return skipped("drift", "there is no base version")
    before = {each.name: each for each in base.distributions}
    found = sorted(
        (
            (distance(before[each.name], each), each.name)
            for each in now.distributions
            if each.name in before
        ),
        reverse=True,
    )
    if not found:
        return skipped("drift", f"version {version} has no summary of its data")
    far = [f"{name} {figure:.2f}" for figure, name in found if figure >= warns_from]
    text = (
        f"the data differs from that of version {version} (Jensen-Shannon distance, 0 to 1): "
        f"{', '.join(far[:MOST_SHOWN])}"
        + (f" and {len(far) - MOST_SHOWN} more" if len(far) > MOST_SHOWN else "")
        + ". Is it the same source, and complete?"
    )
    return Finding("drift", text, found[0][0], warns_from, fails_from)


def distance(left: model_pb2.Distribution, right: model_pb2.Distribution) -> float:
    """The Jensen-Shannon distance of two distributions, 0 (the same) to 1 (nothing in common).

    The root of the divergence to the base 2 (Endres and Schindelin 2003), less what samples of
    one distribution differ by on average. Of such samples, 8 ln 2 / (1 / n + 1 / m) times the
    divergence has the chi-square distribution of k - 1 degrees of freedom, for k bins; up to
    `DEVIATIONS` standard deviations above its mean the distance is 0.
    """
    one, other = (np.array(each.shares, np.float64) for each in (left, right))
    if not left.count or not right.count or len(one) != len(other):
        return 0.0
    middle = (one + other) / 2
    divergence = (_relative_entropy(one, middle) + _relative_entropy(other, middle)) / 2
    bins = int((middle > 0).sum())
    unit = (1 / left.count + 1 / right.count) / (8 * math.log(2))
    freedom = bins - 1
    if divergence <= (freedom + DEVIATIONS * math.sqrt(2 * freedom)) * unit:
        return 0.0
    return math.sqrt(min(1.0, max(0.0, divergence - freedom * unit)))


def _relative_entropy(shares: Floats, reference: Floats) -> float:
    there = shares > 0
    return float((shares[there] * np.log2(shares[there] / reference[there])).sum())
