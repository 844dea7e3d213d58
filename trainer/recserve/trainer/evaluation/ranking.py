"""Ranking metrics over the whole catalogue, question by question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from recserve.trainer.tables import Bools, Floats, Ints

CUT_OFF = 10


@dataclass(frozen=True)
class Relevant:
    """The (question, item) pairs that are right answers."""

    keys: Ints
    """int64, sorted: question * item_count + item."""
    item_count: int

    @classmethod
    def of(cls, questions: Ints, items: Ints, item_count: int) -> Self:
        """Each pair once."""
        return cls(np.unique(questions.astype(np.int64) * item_count + items), item_count)

    def take(self, questions: Ints) -> Self:
        """The right answers of these questions, which are numbered anew from 0.

        Args:
            questions: int `[Q]`, each at most once.
        """
        starts, ends = self._ranges(questions)
        counts = ends - starts
        numbers = np.repeat(np.arange(len(questions)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        items = self.keys[np.repeat(starts, counts) + within] % self.item_count
        return type(self).of(numbers, items, self.item_count)

    def among(self, wanted: Bools) -> Self:
        """Those on items that are wanted, `[item_count]`."""
        return type(self)(self.keys[wanted[self.keys % self.item_count]], self.item_count)

    def hits(self, rows: Ints) -> Bools:
        """`[Q, K]`: which recommended rows are right; -1 is none."""
        keys = np.arange(len(rows), dtype=np.int64)[:, None] * self.item_count + rows
        return np.isin(keys, self.keys) & (rows >= 0)

    def counts(self, question_count: int) -> Ints:
        """`[Q]`: how many items are right for each question."""
        starts, ends = self._ranges(np.arange(question_count))
        return ends - starts

    def _ranges(self, questions: Ints) -> tuple[Ints, Ints]:
        starts = questions.astype(np.int64) * self.item_count
        return (
            np.searchsorted(self.keys, starts),
            np.searchsorted(self.keys, starts + self.item_count),
        )


def metrics(rows: Ints, relevant: Relevant) -> dict[str, Floats]:
    """The accuracy of recommendations at 10, for each question.

    With h_r = 1 where rank r (from 1) is right, and R right items of a question:
    recall = sum h_r / R; NDCG = sum h_r / log2(r + 1) over the same sum for an ideal list,
    min(R, 10) hits on top (Jarvelin and Kekalainen, 2002, binary gains); MRR = 1 / the first
    right rank, or 0 (Voorhees, 1999); MAP = sum h_r * (hits up to r) / r, over min(R, 10)
    (Manning, Raghavan and Schuetze, 2008, cut off at 10).

    Args:
        rows: int `[Q, K]`, best first, -1 for none; K is at least 10.
        relevant: The right answers.

    Returns:
        float64 `[Q]` by name; NaN where a question has no right answer.
    """
    top = rows[:, :CUT_OFF]
    hits = relevant.hits(top)
    right = relevant.counts(len(rows)).astype(np.float64)
    right[right == 0] = np.nan
    return {
        f"recall@{CUT_OFF}": hits.sum(axis=1) / right,
        f"ndcg@{CUT_OFF}": ndcg(hits, right),
        f"mrr@{CUT_OFF}": np.where(np.isnan(right), np.nan, reciprocal_rank(hits)),
        f"map@{CUT_OFF}": average_precision(hits, right),
    }


def ndcg(hits: Bools, right: Floats) -> Floats:
    """NDCG of each question, float64 `[Q]`; NaN where `right` is."""
    discounts = 1.0 / np.log2(np.arange(hits.shape[1]) + 2.0)
    most = np.minimum(np.nan_to_num(right), hits.shape[1]).astype(int)
    ideal = np.concatenate([[np.nan], np.cumsum(discounts)])[most]
    gains: Floats = (hits * discounts).sum(axis=1) / ideal
    return gains


def reciprocal_rank(hits: Bools) -> Floats:
    """1 / the rank of each question's first hit, 0 without one; float64 `[Q]`."""
    first = hits.argmax(axis=1)
    return np.where(hits.any(axis=1), 1.0 / (first + 1.0), 0.0)


def average_precision(hits: Bools, right: Floats) -> Floats:
    """Average precision of each question, float64 `[Q]`; NaN where `right` is."""
    precision = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
    found: Floats = (hits * precision).sum(axis=1) / np.minimum(right, hits.shape[1])
    return found


def coverage(rows: Ints, item_count: int) -> float:
    """The share of the catalogue that is among the first 10 of at least one question."""
    top = rows[:, :CUT_OFF]
    return len(np.unique(top[top >= 0])) / item_count
