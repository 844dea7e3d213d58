"""What every baseline is: it learns from events, and scores all items for any history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from recserve.trainer.item_similarity import ease
from recserve.trainer.tables import Events, Floats, Ints

Scores = Callable[[Ints], Floats]
"""From the items of histories, int32 `[B, E]`, oldest first, padded with -1, to the scores of all
items, float32 `[B, N]`."""


@dataclass(frozen=True)
class Lesson:
    """What a method learns from."""

    events: Events
    user_count: int
    item_count: int

    def user_item(self) -> Any:
        """Who wanted what, scipy CSR `[users, N]` of ones."""
        return ease.user_item(self.events, self.user_count, self.item_count)


class Method(Protocol):
    """One setting of a method."""

    @property
    def settings(self) -> dict[str, float]:
        """What is tuned, by name."""

    def fit(self, lesson: Lesson, fitted: Mapping[str, Scores]) -> Scores:
        """Learns from events.

        Args:
            lesson: The events.
            fitted: The methods that come before it, by name, learned from the same.
        """


def rows_of(histories: Ints, item_count: int) -> Any:
    """Histories as rows of a user-item matrix, scipy CSR `[B, N]`; 1 where an item is."""
    from scipy import sparse

    number, place = np.nonzero(histories >= 0)
    ones = np.ones(len(number), np.float32)
    items = histories[number, place]
    matrix = sparse.csr_matrix((ones, (number, items)), (len(histories), item_count))
    matrix.data[:] = 1.0  # an item that comes twice counts once
    return matrix
