"""The blend: the plain average of EASE and of what came soon after the last items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recserve.trainer.baselines.method import Lesson, Scores
from recserve.trainer.errors import DatasetError
from recserve.trainer.tables import Events, Floats, Ints

WINDOW = 10


@dataclass(frozen=True)
class Blend:
    """Half EASE, half decayed transitions, each divided by its largest score for the user.

    The transitions of an item are the shares of what came within ten events after it, at distance
    d with weight decay^(d-1); of a history the last ten events count, the d-th last with that
    weight. It is what order adds to EASE with nothing learned.
    """

    decay: float

    @property
    def settings(self) -> dict[str, float]:
        """What is tuned."""
        return asdict(self)

    def fit(self, lesson: Lesson, fitted: Mapping[str, Scores]) -> Scores:
        """Counts the transitions; EASE is there already.

        Raises:
            DatasetError: If EASE was left out.
        """
        if "ease" not in fitted:
            raise DatasetError("the blend is with EASE, which was left out")
        ease = fitted["ease"]
        transitions = self._count(lesson.events, lesson.item_count)

        def scores(histories: Ints) -> Floats:
            followed: Floats = (self._recent(histories, lesson.item_count) @ transitions).toarray()
            return (_scaled(ease(histories)) + _scaled(followed)) / 2.0

        return scores

    def _count(self, events: Events, item_count: int) -> Any:
        """What follows what, scipy CSR `[N, N]`; rows sum to 1, or are empty."""
        from scipy import sparse

        counts = sparse.csr_matrix((item_count, item_count), dtype=np.float32)
        for distance in range(1, min(WINDOW, len(events) - 1) + 1):
            earlier, later = events.item[:-distance], events.item[distance:]
            chosen = (events.user[distance:] == events.user[:-distance]) & (earlier != later)
            chosen &= events.positive[distance:]
            weights = np.full(int(chosen.sum()), self.decay ** (distance - 1), np.float32)
            places = (earlier[chosen], later[chosen])
            counts += sparse.csr_matrix((weights, places), counts.shape)
        sums = np.asarray(counts.sum(axis=1)).ravel()
        return sparse.diags(1.0 / np.maximum(sums, 1e-12), dtype=np.float32) @ counts

    def _recent(self, histories: Ints, item_count: int) -> Any:
        """The last events of each history with their weights, scipy CSR `[B, N]`."""
        from scipy import sparse

        there = histories >= 0
        age = there.sum(axis=1, keepdims=True) - 1 - np.arange(histories.shape[1])
        number, place = np.nonzero(there & (age < WINDOW))
        weights = (self.decay ** age[number, place]).astype(np.float32)
        items = histories[number, place]
        return sparse.csr_matrix((weights, (number, items)), (len(histories), item_count))


def _scaled(scores: Floats) -> Floats:
    largest = scores.max(axis=1, keepdims=True)
    return scores / np.where(largest > 0, largest, 1.0)


GRID = tuple(Blend(decay) for decay in (0.3, 0.5, 0.7, 0.8, 0.9))
