"""Puts a shortlist in order once more: for variety, and with chance.

Variety is maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): each position takes the
item with the greatest utility `(1 - d) * relevance - d * likeness`, where the relevance is the
score, brought to 0..1 over the shortlist, and the likeness the greatest to an item above, 0 at
least: the cosine of their vectors, or 1 for items of the same cluster and 0 for others.

Exploration draws each position. With the share `e` the draw is a softmax over the utilities of what
is left, and else the best one is taken. So the policy puts item `i` there with the probability

    (1 - e) * [i is the best] + e * exp(u_i / T) / sum of exp(u_j / T) over what is left

given the items above it, and that is its propensity. A softmax for each position over what is left
is the ranking model of Plackett (1975) and Luce (1959). Utilities lie within a range of 1, so no
propensity is below `e * exp(-1 / T) / shortlist`: weights by the inverse of it stay bounded.
"""

from collections.abc import Callable

import numpy as np

from recserve.server.engine.arrays import Float32Array, Float64Array

TEMPERATURE = 0.2
"""`T`: the best of a shortlist weighs at most exp(5), 148 times, as much as the worst."""

Likeness = Callable[[int], Float32Array]

Order = tuple[list[int], list[float]]
"""Places in the shortlist, in the order of the positions, and the propensity of each."""


def rerank(
    scores: Float32Array,
    likeness: Likeness | None,
    *,
    count: int,
    diversity: float,
    exploration: float,
    random: np.random.Generator,
) -> Order:
    """Order a shortlist.

    Args:
        scores: Shape `[M]`, best first.
        likeness: How alike all items are to the one at a place, shape `[M]`; None: there is no
            variety.
        count: Positions to fill; fewer where the shortlist is shorter.
        diversity: `d`, 0 to 1.
        exploration: `e`, 0 to 1.
        random: Draws.
    """
    count = min(count, len(scores))
    if likeness is None:
        diversity = 0.0
    if not (diversity or exploration):
        return list(range(count)), [1.0] * count
    utilities = (1 - diversity) * _relevance(scores)
    closest = np.zeros(len(scores))
    places: list[int] = []
    propensities: list[float] = []
    for _ in range(count):
        now = utilities - diversity * closest if diversity else utilities
        place = int(now.argmax())
        propensity = 1.0
        if exploration:
            place, propensity = _draw(now, place, exploration, random)
        places.append(place)
        propensities.append(propensity)
        utilities[place] = -np.inf
        if diversity and likeness is not None:
            np.maximum(closest, likeness(place), out=closest)
    return places, propensities


def probabilities(utilities: Float64Array, best: int, exploration: float) -> Float64Array:
    """The probability of each item to be put at a position; 0 for what is taken already.

    Args:
        utilities: Shape `[M]`; minus infinity for what is taken.
        best: The place of the greatest.
        exploration: 0 to 1.
    """
    weights: Float64Array = np.exp((utilities - utilities[best]) / TEMPERATURE)
    weights *= exploration / weights.sum()
    weights[best] += 1 - exploration
    return weights


def _draw(
    utilities: Float64Array, best: int, exploration: float, random: np.random.Generator
) -> tuple[int, float]:
    chances = probabilities(utilities, best, exploration)
    sums = chances.cumsum()
    place = int(np.searchsorted(sums, random.random() * sums[-1], side="right"))
    if place >= len(chances) or not chances[place]:  # a rounding away from the end
        place = best
    return place, min(float(chances[place]), 1.0)


def _relevance(scores: Float32Array) -> Float64Array:
    """The scores as shares of their range; all 0 where they are equal."""
    values = scores.astype(np.float64)
    low, high = (values.min(), values.max()) if len(values) else (0.0, 0.0)
    return (values - low) / (high - low) if high > low else np.zeros(len(values))
