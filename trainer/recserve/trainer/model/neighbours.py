"""Retrieval by what belongs together: item-to-item weights, read over the whole history."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from recserve.trainer.item_similarity.neighbourhood_ridge import Neighbourhoods
from recserve.trainer.model.history import History, positions


class Solved(NamedTuple):
    """A table, and how it is read."""

    targets: Any
    """int32 `[N, K]`, rows of items; 0 where there are fewer."""
    weights: Any
    """float32 `[N, K]`; 0 where there is no target."""
    decay: Any
    """float32 `[]`: how much an event counts beside the next one."""

    @classmethod
    def of(cls, table: Neighbourhoods, decay: float) -> Solved:
        """A table as tensors."""
        return cls(
            tf.constant(np.maximum(table.targets, 0)),
            tf.constant(table.weights),
            tf.constant(decay, tf.float32),
        )


class Neighbours(tf.Module):
    """What belongs to the items of a history, by a table that is solved and not trained.

    Args:
        item_count: Items that the table knows.
        strengths: How much a positive event of each type counts, 0 for types that are none.
        thresholds: The value from which on an event of each type is positive.
    """

    def __init__(
        self, item_count: int, strengths: tuple[float, ...], thresholds: tuple[float, ...]
    ) -> None:
        super().__init__(name="neighbours")
        self.item_count = item_count
        self._strengths = np.array(strengths, np.float32)
        self._thresholds = np.array(thresholds, np.float32)
        self.solved: Any = None

    def remember(self, table: Neighbourhoods, decay: float) -> None:
        """Puts a table in place of the one before.

        Args:
            table: The weights between items.
            decay: How much an event counts beside the next one, above 0, at most 1.
        """
        self.solved = Solved.of(table, decay)

    def chances(self, history: History, item_count: Any) -> Any:
        """What the history speaks for, as a distribution: float32 `[B, N]`.

        The sums of the weights of the positive events, those below 0 left out, over their
        total; all 0 where nothing speaks for anything.
        """
        return self.chances_by(self.solved, history, item_count)

    def chances_by(self, solved: Solved, history: History, item_count: Any) -> Any:
        """The same by another table."""
        # Only what is there is looked up: most histories are shorter than their places.
        strengths = self._strength(history, solved.decay)
        places = tf.where(strengths > 0.0)
        items = tf.gather_nd(history.rows, places)
        values = tf.gather(solved.weights, items) * tf.gather_nd(strengths, places)[:, None]
        batch = tf.shape(history.rows)[0]
        at = tf.gather(solved.targets, items) + item_count * tf.cast(places[:, :1], tf.int32)
        sums = tf.math.unsorted_segment_sum(
            tf.reshape(values, [-1]), tf.reshape(at, [-1]), batch * item_count
        )
        sums = tf.nn.relu(tf.reshape(sums, [batch, item_count]))
        return sums / tf.maximum(tf.reduce_sum(sums, axis=1, keepdims=True), 1e-9)

    def _strength(self, history: History, decay: Any) -> Any:
        """How much each event counts, float32 `[B, L]`; 0 for what is no positive event."""
        types = tf.maximum(history.types, 0)
        # A missing value is none too low. (A graph takes ~(a < b) for a >= b, even of NaN.)
        values = tf.where(tf.math.is_nan(history.values), np.float32(np.inf), history.values)
        known = (history.rows >= 0) & (history.rows < self.item_count)
        known &= values >= tf.gather(self._thresholds, types)
        ages = tf.cast(positions(history), tf.float32)
        strengths = tf.gather(self._strengths, types) * tf.pow(decay, ages)
        return tf.where(known, strengths, 0.0)
