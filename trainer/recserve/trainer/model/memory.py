"""Retrieval by what followed what: the transition table, read with learned weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recserve.trainer.model.history import RECENT, History, HistoryWeights, recent
from recserve.trainer.transitions import Transitions

QUERY_DECAY = 0.7


class Memory(keras.layers.Layer):
    """A user's next item, by the transitions from the items of the history.

    The table is counted, not trained; how much each event of the history counts is.
    """

    def __init__(self, length: int, type_count: int, item_count: int) -> None:
        super().__init__(name="memory")
        self.item_count = item_count
        self.weights_of_events = HistoryWeights(
            min(length, RECENT), type_count, (QUERY_DECAY,), name="recency"
        )
        self.followers: Any = None
        self.chances: Any = None
        self.built = True

    def remember(self, transitions: Transitions) -> None:
        """Puts a table in place of the one before."""
        there = transitions.followers >= 0
        self.followers = tf.constant(np.where(there, transitions.followers, 0))
        self.chances = tf.constant(np.where(there, transitions.chances, np.float32(0)))

    def followers_of(self, history: History) -> tuple[Any, Any]:
        """What the history makes likely: rows int32 `[B, M]` and chances float32 `[B, M]`.

        A row may come several times, and its chances add up; all chances of a user sum to at
        most 1. Where there is no follower, row 0 has chance 0.
        """
        history = recent(history)
        weights = self.weights_of_events(history)[:, :, 0]
        # A row appended after training has no transitions.
        known = history.rows < self.item_count
        at = tf.where(known, tf.maximum(history.rows, 0), 0)
        weights = tf.where(known, weights, 0.0)
        followers = tf.gather(self.followers, at)
        chances = tf.gather(self.chances, at) * weights[:, :, None]
        shape = tf.stack([tf.shape(at)[0], tf.shape(at)[1] * self.followers.shape[1]])
        return tf.reshape(followers, shape), tf.reshape(chances, shape)
