"""Retrieval by what followed what: the transition table, read with learned weights."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recserve.trainer.model.history import History, HistoryWeights
from recserve.trainer.transitions import Transitions

QUERY_DECAY = 0.7


class Memory(keras.layers.Layer):
    """A user's next item, by the transitions from the items of the history.

    The table is counted, not trained; how much each event of the history counts is.
    """

    def __init__(self, length: int, type_count: int, item_count: int) -> None:
        super().__init__(name="memory")
        self.item_count = item_count
        self.weights_of_events = HistoryWeights(length, type_count, (QUERY_DECAY,), name="recency")
        self.followers: Any = None
        self.chances: Any = None
        self.built = True

    def remember(self, transitions: Transitions) -> None:
        """Puts a table in place of the one before."""
        self.followers = tf.constant(transitions.followers)
        self.chances = tf.constant(transitions.chances)

    def scores(self, history: History, item_count: Any) -> Any:
        """The chance of every item, float32 `[B, item_count]`; a row sums to at most 1."""
        followers, shares = self._followers(history)
        batch = tf.shape(history.rows)[0]
        users = tf.repeat(tf.range(batch), tf.shape(followers)[1] * tf.shape(followers)[2])
        # Followers that are not there go to a column of their own, which is cut off.
        columns = tf.where(followers >= 0, followers, item_count)
        at = users * (item_count + 1) + tf.reshape(columns, [-1])
        totals = tf.math.unsorted_segment_sum(
            tf.reshape(shares, [-1]), at, batch * (item_count + 1)
        )
        return tf.reshape(totals, [batch, item_count + 1])[:, :-1]

    def _followers(self, history: History) -> tuple[Any, Any]:
        weights = self.weights_of_events(history)[:, :, 0]
        # A row appended after training has no transitions.
        known = tf.where(history.rows < self.item_count, tf.maximum(history.rows, 0), 0)
        weights = tf.where(history.rows < self.item_count, weights, 0.0)
        shares = tf.gather(self.chances, known) * weights[:, :, None]
        return tf.gather(self.followers, known), shares
