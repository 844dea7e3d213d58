"""What makes a list of items novel and diverse, whoever recommends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from recserve.trainer.evaluation.ranking import CUT_OFF
from recserve.trainer.tables import Bools, Events, FeatureTable, Floats, Ints, Tables, popularity

MOST_LISTS = 5_000
"""Diversity is measured on so many lists at most, spread evenly over all."""


@dataclass(frozen=True)
class ItemFacts:
    """Facts of the items, from training events and features alone."""

    popularity: Floats
    """float32 `[N]`: the weighted count of positive training events."""
    seen: Bools
    """`[N]`: whether training has an event on the item."""
    information: Floats
    """float64 `[N]`, bits: -log2((u + 1) / (U + 1)), where u of U users had the item."""
    profiles: Any
    """scipy CSR `[N, F]`, rows of length 1 or 0: the item's feature values; where items have
    none, the users who had the item."""

    @classmethod
    def of(cls, tables: Tables, train: Events) -> Self:
        """The facts as training knows them."""
        count = tables.item_count
        pairs = np.unique(train.item.astype(np.int64) * tables.user_count + train.user)
        items, users = np.divmod(pairs, tables.user_count)
        takers = np.bincount(items, minlength=count)
        everyone = len(np.unique(train.user))
        described, values = _feature_values(tables.item_features)
        profiles = (described, values) if len(values) else (items, users)
        return cls(
            popularity(train, count),
            takers > 0,
            -np.log2((takers + 1) / (everyone + 1)),
            _unit_rows(profiles, count),
        )

    def novelty(self, rows: Ints) -> Floats:
        """The mean self-information of each list's first 10, in bits, float64 `[Q]`.

        What few users had is news (Zhou et al., "Solving the apparent diversity-accuracy dilemma
        of recommender systems", 2010).
        """
        top = rows[:, :CUT_OFF]
        there = top >= 0
        found = np.where(there, self.information[np.maximum(top, 0)], 0.0).sum(axis=1)
        with np.errstate(invalid="ignore"):
            mean: Floats = found / there.sum(axis=1)
        return mean

    def diversity(self, rows: Ints) -> Floats:
        """One minus the mean cosine of the pairs in each list's first 10, float64 `[Q]`.

        Intra-list diversity (Ziegler et al., "Improving recommendation lists through topic
        diversification", 2005). NaN for lists of one, and for those that are not measured.
        """
        from scipy import sparse

        chosen = np.unique(np.linspace(0, len(rows) - 1, MOST_LISTS).astype(int))
        top = rows[chosen, :CUT_OFF]
        there = top >= 0
        number, _ = np.nonzero(there)
        ones = np.ones(len(number))
        lists = sparse.csr_matrix((ones, (number, top[there])), (len(top), len(self.seen)))
        # The sum of all cosines is the squared length of the sum of the rows.
        together = lists @ self.profiles
        squared = np.asarray(together.multiply(together).sum(axis=1)).ravel()
        alone = np.asarray(self.profiles.multiply(self.profiles).sum(axis=1)).ravel()
        own = np.where(there, alone[np.maximum(top, 0)], 0.0).sum(axis=1)
        size = there.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = 1.0 - (squared - own) / (size * (size - 1.0))
        every = np.full(len(rows), np.nan)
        every[chosen] = np.where(size > 1, found, np.nan)
        return every


def _feature_values(features: FeatureTable) -> tuple[Ints, Ints]:
    """Items beside the numbers of their categorical and multi-valued values, `[n]` each."""
    numbers: dict[tuple[int, str], int] = {}
    items, columns = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    multi = features.multi_valued
    kinds = [features.categorical[:, [f]] for f in range(features.layout.categorical)]
    kinds += [multi[:, f] for f in range(multi.shape[1])]
    for kind, cells in enumerate(kinds):
        there = cells != ""
        items.append(np.nonzero(there)[0])
        values = (numbers.setdefault((kind, value), len(numbers)) for value in cells[there])
        columns.append(np.fromiter(values, np.int64, int(there.sum())))
    return np.concatenate(items), np.concatenate(columns)


def _unit_rows(places: tuple[Ints, Ints], row_count: int) -> Any:
    """A matrix with one value in all these places, scaled to rows of length 1."""
    from scipy import sparse

    rows, columns = places
    width = int(columns.max(initial=-1)) + 1
    ones = np.ones(len(rows))
    matrix = sparse.csr_matrix((ones, (rows, columns)), (row_count, max(1, width)))
    matrix.data[:] = 1.0  # a value that is listed twice counts once
    lengths = np.sqrt(np.maximum(matrix.getnnz(axis=1), 1))
    return (sparse.diags(1.0 / lengths) @ matrix).tocsr()
