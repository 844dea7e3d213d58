"""What followed what: a sparse item-to-item table counted from the histories."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recserve.trainer.tables import Events, Floats, Ints

WINDOW = 10
DECAY = 0.8
BACKWARD_SHARE = 0.3
SHRINKAGE = 10.0
MOST_FOLLOWERS = 100


@dataclass(frozen=True)
class Transitions:
    """For each item, the items that most often come soon after it."""

    followers: Ints
    """int32 `[N, K]`, rows of items; -1 where there are fewer."""
    chances: Floats
    """float32 `[N, K]`; a row sums to at most 1, and to less where the evidence is thin."""
    evidence: Floats
    """float32 `[N]`: what the chances of a row were divided by."""

    def unseen(self, history: Ints, targets: Ints, weights: Floats) -> Floats:
        """The chance of each target after each item of a history, itself not counted.

        The table was counted from the very events that training predicts; what the event at
        hand added to it is taken out again.

        Args:
            history: int32 `[B, L]`, oldest first, padded with -1 at the end.
            targets: int32 `[B]`.
            weights: float32 `[B]`, of the events to predict.

        Returns:
            float32 `[B, L]`; 0 where there is no event.
        """
        there = history >= 0
        at = np.where(there, history, 0)
        pairs, chances_of = self._by_pair
        wanted = at * np.int64(len(self.followers)) + targets[:, None]
        place = np.minimum(np.searchsorted(pairs, wanted), len(pairs) - 1)
        chances = np.where(pairs[place] == wanted, chances_of[place], 0.0)
        distance = there.sum(axis=1, keepdims=True) - 1 - np.arange(history.shape[1])
        own = np.where(distance < WINDOW, DECAY ** np.maximum(distance, 0), 0.0)
        chances -= own * weights[:, None] / self.evidence[at]
        return np.where(there, np.maximum(chances, 0.0), 0.0).astype(np.float32)

    @cached_property
    def _by_pair(self) -> tuple[Ints, Floats]:
        """Each source and follower as one number, ascending, and its chance."""
        sources, places = np.nonzero(self.followers >= 0)
        pairs = sources * len(self.followers) + self.followers[sources, places]
        order = np.argsort(pairs)
        # The last one stands for pairs that are none.
        return (
            np.append(pairs[order], np.iinfo(np.int64).max),
            np.append(self.chances[sources, places][order], np.float32(0.0)),
        )

    def mass(self, history: Ints) -> Floats:
        """The sum of the chances of each history item's row, float32 `[B, L]`."""
        sums = self.chances.sum(axis=1)
        return np.where(history >= 0, sums[np.maximum(history, 0)], 0.0).astype(np.float32)


def count(events: Events, item_count: int) -> Transitions:
    """Counts transitions within a window, nearer ones more.

    A pair at distance d, 1 to `WINDOW`, counts `DECAY**(d-1)` forwards, if the later event
    is positive, and `BACKWARD_SHARE` of that backwards, if the earlier one is. Rows are
    divided by their sum plus `SHRINKAGE`, so that rare items promise little.
    """
    keys, weights = _pairs(events, item_count)
    unique, inverse = np.unique(keys, return_inverse=True)
    totals = np.bincount(inverse, weights, minlength=len(unique))
    sources, targets = np.divmod(unique, item_count)
    evidence = np.bincount(sources, totals, minlength=item_count) + SHRINKAGE
    order = np.lexsort((targets, -totals, sources))
    sources, targets, totals = sources[order], targets[order], totals[order]
    rank = np.arange(len(sources)) - np.searchsorted(sources, sources, "left")
    kept = rank < MOST_FOLLOWERS
    width = int(rank[kept].max(initial=0)) + 1
    followers = np.full((item_count, width), -1, dtype=np.int32)
    chances = np.zeros((item_count, width), dtype=np.float32)
    followers[sources[kept], rank[kept]] = targets[kept]
    chances[sources[kept], rank[kept]] = totals[kept] / evidence[sources[kept]]
    return Transitions(followers, chances, evidence.astype(np.float32))


def _pairs(events: Events, item_count: int) -> tuple[Ints, Floats]:
    item = events.item.astype(np.int64)
    keys, weights = [np.zeros(0, np.int64)], [np.zeros(0)]
    for distance in range(1, min(WINDOW, len(events) - 1) + 1):
        same = (events.user[distance:] == events.user[:-distance]) & (
            item[distance:] != item[:-distance]
        )
        for earlier_to_later, share in ((True, 1.0), (False, BACKWARD_SHARE)):
            sources, targets = item[:-distance], item[distance:]
            wanted = events.positive[distance:]
            strength = events.weight[distance:]
            if not earlier_to_later:
                sources, targets = targets, sources
                wanted, strength = events.positive[:-distance], events.weight[:-distance]
            chosen = same & wanted
            keys.append(sources[chosen] * item_count + targets[chosen])
            weights.append(share * DECAY ** (distance - 1) * strength[chosen])
    return np.concatenate(keys), np.concatenate(weights)
