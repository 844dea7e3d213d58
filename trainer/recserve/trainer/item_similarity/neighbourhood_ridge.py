"""Item-to-item weights in closed form, each item from its nearest items alone.

EASE (Steck, 2019) predicts each item's column of the interaction matrix X from all others by
ridge regression with a zero diagonal, B = argmin ||X - XB||^2 + r ||B||^2. Here each column may
use only the items that by themselves predict it best: the same regression, on a support that is
chosen first (fsSLIM: Ning and Karypis, 2011; Steck, 2019b, for EASE). So memory and time grow
with the number of items, not with its square and cube, and the result is sparse by itself.
"""

from __future__ import annotations

import functools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from recserve.trainer.tables import Bools, Events, Floats, Ints

# Of one user, the latest ones: pairs grow with the square of a history.
MOST_ITEMS_OF_A_USER = 1_000
# Up to this many items the matrix of pairs is kept dense, in at most 0.6 GB.
MOST_DENSE = 12_500
# Targets that a thread solves for at a time.
PART = 500
NOTHING = np.zeros(0, np.int32)


@dataclass(frozen=True)
class Neighbourhoods:
    """For each item, the items it speaks for or against most."""

    targets: Ints
    """int32 `[N, K]`, rows of items; -1 where there are fewer."""
    weights: Floats
    """float32 `[N, K]`; 0 where there is no target."""


class PairCounts:
    """How often each two items were wanted by one user: X'X, and what is read of it."""

    def __init__(self, events: Events, item_count: int) -> None:
        """Counts the pairs of the positive events.

        A pair of user and item counts once, whatever the number of events, with the largest
        of their weights, relative to the mean weight.
        """
        from scipy import sparse

        user, item, strength = _wanted(events, item_count)
        shape = (int(events.user.max(initial=0)) + 1, item_count)
        matrix = sparse.csc_matrix((strength, (user, item)), shape=shape)
        self._counts = (matrix.T @ matrix).tocsr()
        self._counts.sort_indices()
        self._own = self._counts.diagonal()
        self._dense = self._counts.toarray() if item_count <= MOST_DENSE else None
        self.item_count = item_count

    def fit(self, ridge: float, support: int, most_targets: int) -> Neighbourhoods:
        """Solves for the weights.

        Args:
            ridge: The penalty r, above 0, in events of an item.
            support: Items that each is predicted from, at most.
            most_targets: Of each item, the largest weights that are kept.
        """
        from threadpoolctl import threadpool_limits

        parts = np.array_split(np.arange(self.item_count), max(1, self.item_count // PART))
        # Systems this small are slower solved by several threads, so each thread solves its own.
        with (
            threadpool_limits(limits=1),
            ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads,
        ):
            solved = list(threads.map(functools.partial(self._solve, ridge, support), parts))
        sources, targets, weights = (np.concatenate(part) for part in zip(*solved, strict=True))
        return _by_source(sources, targets, weights, self.item_count, most_targets)

    def _solve(self, ridge: float, most: int, items: Ints) -> tuple[Ints, Ints, Floats]:
        """Sources, targets and weights for these targets."""
        from scipy import linalg

        sources: list[Ints] = [NOTHING]
        targets: list[Ints] = [NOTHING]
        weights: list[Floats] = [NOTHING.astype(np.float32)]
        for target in items:
            support, together = self._support(target, ridge, most)
            if not len(support):
                continue
            inner = self._among(support)
            inner[np.diag_indices(len(support))] += ridge
            try:
                factor = linalg.cho_factor(inner, check_finite=False)
            except linalg.LinAlgError:
                # Items that all have the same many users: float32 cannot tell them apart.
                factor = linalg.cho_factor(inner.astype(np.float64), check_finite=False)
            found = linalg.cho_solve(factor, together, check_finite=False)
            sources.append(support)
            targets.append(np.full(len(support), target, np.int32))
            weights.append(found.astype(np.float32))
        return np.concatenate(sources), np.concatenate(targets), np.concatenate(weights)

    def _support(self, target: int, ridge: float, most: int) -> tuple[Ints, Floats]:
        """The items that each alone lessen the error of the target most, and their pairs."""
        start, end = self._counts.indptr[target : target + 2]
        items, together = self._counts.indices[start:end], self._counts.data[start:end]
        others = items != target
        items, together = items[others], together[others]
        if len(items) > most:
            gains = together**2 / (self._own[items] + ridge)
            chosen = np.sort(np.argpartition(-gains, most)[:most])
            items, together = items[chosen], together[chosen]
        return items, together

    def _among(self, items: Ints) -> Floats:
        """The pairs of these items, dense."""
        block: Floats
        if self._dense is not None:
            block = self._dense[np.ix_(items, items)]
        else:
            block = self._counts[items][:, items].toarray()
        return block


def _wanted(events: Events, item_count: int) -> tuple[Ints, Ints, Floats]:
    """Each pair of a user and a positive item once, with its strength."""
    positions = np.flatnonzero(events.positive)
    ends = np.searchsorted(events.user[positions], events.user[positions], "right")
    positions = positions[ends - np.arange(len(positions)) <= MOST_ITEMS_OF_A_USER]
    keys = events.user[positions].astype(np.int64) * item_count + events.item[positions]
    unique, inverse = np.unique(keys, return_inverse=True)
    strength = np.zeros(len(unique), np.float32)
    np.maximum.at(strength, inverse, events.weight[positions])
    user, item = np.divmod(unique, item_count)
    return user, item, strength / strength.mean() if len(strength) else strength


def _by_source(
    sources: Ints, targets: Ints, weights: Floats, item_count: int, most_targets: int
) -> Neighbourhoods:
    """Rows of the largest weights, by their absolute values."""
    order = np.lexsort((targets, -np.abs(weights), sources))
    sources, targets, weights = sources[order], targets[order], weights[order]
    rank = np.arange(len(sources)) - np.searchsorted(sources, sources, "left")
    kept: Bools = rank < most_targets
    width = int(rank[kept].max(initial=0)) + 1
    rows = np.full((item_count, width), -1, np.int32)
    values = np.zeros((item_count, width), np.float32)
    rows[sources[kept], rank[kept]] = targets[kept]
    values[sources[kept], rank[kept]] = weights[kept]
    return Neighbourhoods(rows, values)
