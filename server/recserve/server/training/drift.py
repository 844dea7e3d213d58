"""How far events are from those that a version was trained on."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recserve.server.events import Event
from recserve.v1 import model_pb2

DEVIATIONS = 4.0
"""So far samples of one distribution may lie from the mean: several are compared at once."""


def drift(summary: model_pb2.DataSummary, events: Sequence[Event]) -> float | None:
    """The greatest distance among the types and the items of events; None: nothing to compare.

    It is the distance of the trainer's check `drift` (docs/training.md).

    Args:
        summary: Of the data that the version was trained on, from its manifest.
        events: Newer ones.
    """
    words = {
        "event_type": [event.event_type for event in events],
        "item": [event.item_id for event in events],
    }
    found = [
        _distance(each, words[each.name]) for each in summary.distributions if each.name in words
    ]
    return max(found, default=None)


def _distance(before: model_pb2.Distribution, words: Sequence[str]) -> float:
    """The Jensen-Shannon distance, 0 (the same) to 1 (nothing in common).

    The root of the divergence to the base 2 (Endres and Schindelin 2003) over the values that the
    distribution names and all others together, less what samples of one distribution differ by
    on average. Of such samples, 8 ln 2 / (1 / n + 1 / m) times the divergence has the chi-square
    distribution of k - 1 degrees of freedom, for k values; up to `DEVIATIONS` standard deviations
    above its mean the distance is 0.
    """
    if not before.count or not words or len(before.shares) != len(before.values) + 1:
        return 0.0
    counted = Counter(words)
    named = [counted[value] for value in before.values]
    now = np.array([*named, len(words) - sum(named)], np.float64) / len(words)
    old = np.array(before.shares, np.float64)
    middle = (old + now) / 2
    divergence = (_relative_entropy(old, middle) + _relative_entropy(now, middle)) / 2
    unit = (1 / before.count + 1 / len(words)) / (8 * math.log(2))
    freedom = int((middle > 0).sum()) - 1
    if divergence <= (freedom + DEVIATIONS * math.sqrt(2 * freedom)) * unit:
        return 0.0
    return math.sqrt(min(1.0, max(0.0, divergence - freedom * unit)))


def _relative_entropy(shares: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    there = shares > 0
    return float((shares[there] * np.log2(shares[there] / reference[there])).sum())
