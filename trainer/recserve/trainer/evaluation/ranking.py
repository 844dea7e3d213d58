"""Ranking metrics over the whole catalogue, with numpy alone."""

from dataclasses import dataclass

import numpy as np

from recserve.trainer.tables import Bools, Floats, Ints

CUT_OFF = 10


@dataclass(frozen=True)
class Relevant:
    """The (user, item) pairs that are right answers."""

    keys: Ints
    """int64, sorted: user * item_count + item."""
    item_count: int

    @classmethod
    def of(cls, users: Ints, items: Ints, item_count: int) -> "Relevant":
        """Each pair once."""
        return cls(np.unique(users.astype(np.int64) * item_count + items), item_count)

    def hits(self, users: Ints, rows: Ints) -> Bools:
        """`[U, K]`: which recommended rows are right; -1 is none."""
        keys = users.astype(np.int64)[:, None] * self.item_count + rows
        return np.isin(keys, self.keys) & (rows >= 0)

    def counts(self, users: Ints) -> Ints:
        """`[U]`: how many items are right for each user."""
        starts = users.astype(np.int64) * self.item_count
        ends = np.searchsorted(self.keys, starts + self.item_count)
        return ends - np.searchsorted(self.keys, starts)


def metrics(users: Ints, rows: Ints, relevant: Relevant) -> dict[str, float]:
    """Mean metrics at 10 of recommendations, over users with at least one right item.

    With h_r = 1 where rank r (from 1) is right, and R right items of a user:
    recall = sum h_r / R; NDCG = sum h_r / log2(r + 1) over the same sum for an ideal list,
    min(R, 10) hits on top (Jarvelin and Kekalainen, 2002, binary gains); MRR = 1 / the first
    right rank, or 0 (Voorhees, 1999). Coverage is the share of the catalogue that is
    recommended to at least one user.

    Args:
        users: int `[U]`.
        rows: int `[U, K]`, best first, -1 for none; K is at least 10.
        relevant: The right answers.
    """
    top = rows[:, :CUT_OFF]
    hits = relevant.hits(users, top)
    right = relevant.counts(users)
    coverage = len(np.unique(top[top >= 0])) / relevant.item_count
    return {
        f"recall@{CUT_OFF}": float((hits.sum(axis=1) / right).mean()),
        f"ndcg@{CUT_OFF}": float(ndcg(hits, right).mean()),
        f"mrr@{CUT_OFF}": float(reciprocal_rank(hits).mean()),
        f"coverage@{CUT_OFF}": coverage,
    }


def ndcg(hits: Bools, right: Ints) -> Floats:
    """NDCG of each user, float64 `[U]`."""
    discounts = 1.0 / np.log2(np.arange(hits.shape[1]) + 2.0)
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])[np.minimum(right, hits.shape[1])]
    gains: Floats = (hits * discounts).sum(axis=1) / ideal
    return gains


def reciprocal_rank(hits: Bools) -> Floats:
    """1 / the rank of each user's first hit, 0 without one; float64 `[U]`."""
    first = hits.argmax(axis=1)
    return np.where(hits.any(axis=1), 1.0 / (first + 1.0), 0.0)
