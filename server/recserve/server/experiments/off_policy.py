"""How a version would do, estimated from what users did with the answers of another one.

The logged answers were drawn with known propensities; of each it is also known what the other
version would have answered. Reading down a list, an answer tells something about the other
version as long as both agree: the weight of position k is the product, over the positions up to
k, of "both have the same item here" over the probability with which it was drawn (reward
interaction IPS: McInerney et al., "Counterfactual Evaluation of Slate Recommendations with
Sequential Reward Interactions", KDD 2020).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from recserve.server.experiments.estimate import Array, Estimate, mean, ratio

IPS, SNIPS, DR = "ips", "snips", "dr"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A logged answer beside what the other version would have answered.

    Attributes:
        user: Whose it is.
        item_ids: The items as they were drawn and shown.
        propensities: The probability of each at its position, given those above.
        successes: The items that something good came of.
        other_item_ids: What the other version would have shown.
        other_scores: How probable it holds success to be, for each of these.
    """

    user: Hashable
    item_ids: Sequence[str]
    propensities: Sequence[float]
    successes: frozenset[str]
    other_item_ids: Sequence[str]
    other_scores: Sequence[float]


@dataclass(frozen=True, slots=True)
class OffPolicyEstimate:
    """Successes an answer, in its first positions, that the other version would have.

    Attributes:
        method: `ips`, `snips` or `dr`.
        value: The estimate.
        effective_count: To how many answers of the other version itself the data amounts: the
            square of the sum of the weights over the sum of their squares (Kish), at the last
            position that counts. Below 100 or so the interval is not to be trusted.
    """

    method: str
    value: Estimate
    effective_count: float


def estimate(drawn: Sequence[Drawn], positions: int) -> list[OffPolicyEstimate]:
    """Estimate by inverse propensities, self-normalised, and doubly robust.

    Args:
        drawn: At least one.
        positions: How many positions count, from 1.
    """
    users = [each.user for each in drawn]
    table = _Table.of(drawn, positions)
    weights: Array = np.cumprod(table.ratios, axis=1, dtype=np.float64)
    last = weights[:, -1]
    effective = float(last.sum() ** 2 / max((last**2).sum(), 1e-300))
    return [
        OffPolicyEstimate(method, value, effective)
        for method, value in (
            (IPS, mean((weights * table.rewards).sum(axis=1), users)),
            (SNIPS, _self_normalised(table, weights, users)),
            (DR, _doubly_robust(table, weights, users)),
        )
    ]


@dataclass(frozen=True, slots=True)
class _Table:
    """Numbers of shape `[answers, positions]`."""

    ratios: Array
    """1 over the propensity where both have the same item, else 0."""
    rewards: Array
    """1 where something good came of the item that was shown."""
    scores: Array
    """How probable the other version holds success to be, of its own item."""

    @classmethod
    def of(cls, drawn: Sequence[Drawn], positions: int) -> "_Table":
        shape = len(drawn), positions
        ratios, rewards, scores = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        for row, each in enumerate(drawn):
            for place, item_id in enumerate(each.item_ids[:positions]):
                rewards[row, place] = item_id in each.successes
            both = zip(each.item_ids, each.other_item_ids, each.propensities, strict=False)
            for place, (item_id, other, propensity) in enumerate(islice(both, positions)):
                ratios[row, place] = (item_id == other) / propensity
            own = list(each.other_scores[:positions])
            scores[row, : len(own)] = own
        return cls(ratios, rewards, scores)


def _self_normalised(table: _Table, weights: Array, users: Sequence[Hashable]) -> Estimate:
    """Weights that do not add up to the number of answers are made to, position by position."""
    value, variance = 0.0, 0.0
    for place in range(weights.shape[1]):
        if weights[:, place].any():
            part = ratio(weights[:, place] * table.rewards[:, place], weights[:, place], users)
            value += part.value
            variance += part.error**2  # positions taken for independent
    return Estimate.around(value, variance**0.5)


def _doubly_robust(table: _Table, weights: Array, users: Sequence[Hashable]) -> Estimate:
    """The scores say what to expect, and the weights correct them where they are wrong.

    Kiyohara et al., "Doubly Robust Off-Policy Evaluation for Ranking Policies under the Cascade
    Behavior Model", WSDM 2022. The scores of each position are first brought to the scale of its
    rewards, by least squares over the weighted answers.
    """
    before = np.hstack([np.ones((len(weights), 1)), weights[:, :-1]])
    moment = (weights * table.scores**2).sum(axis=0)
    scale = (weights * table.rewards * table.scores).sum(axis=0) / np.maximum(moment, 1e-300)
    expected = table.scores * np.where(moment > 0, scale, 0.0)
    return mean((before * expected + weights * (table.rewards - expected)).sum(axis=1), users)
