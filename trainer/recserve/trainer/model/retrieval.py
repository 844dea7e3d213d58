"""The first stage: the chance of every item, from two towers and the memory."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recserve.trainer.model.history import History
from recserve.trainer.model.memory import Memory
from recserve.trainer.model.selection import dense, exclusions

LEAST_CHANCE = 1e-12
LEAST_TRUST = 1e-12


class Retrieval(keras.layers.Layer):
    """A mixture of two distributions over the catalogue.

    p(item | user) = (1 - g m) softmax(user · item) + g memory(item), where m is the sum of
    the memory's chances for this user, and g, the trust in the memory, is learned.
    """

    def __init__(self, memory: Memory) -> None:
        super().__init__(name="retrieval")
        self.memory = memory
        self.trust = self.add_weight(name="trust", shape=(), initializer="zeros")
        self.built = True

    def chances(
        self, user_vectors: Any, item_vectors: Any, history: History, excluded_rows: Any
    ) -> tuple[Any, Any]:
        """The chance of every item, far below zero if excluded, and the memory's part of it.

        Args:
            user_vectors: float32 `[B, V]`.
            item_vectors: float32 `[N, V]`.
            history: What the users did.
            excluded_rows: int32 `[B, E]`, padded with -1.

        Returns:
            float32 `[B, N]` each; the memory's part of an excluded item has no meaning.
        """
        count = tf.shape(item_vectors)[0]
        towers = tf.nn.softmax(tf.matmul(user_vectors, item_vectors, transpose_b=True))
        followers, chances = self.memory.followers_of(history)
        trusted = self._trust() * chances
        # One sparse sum brings in both what is likely and what is excluded.
        excluded, distance = exclusions(excluded_rows, count)
        memory = dense(
            tf.concat([followers, excluded], axis=1),
            tf.concat([trusted, distance], axis=1),
            count,
        )
        mass = tf.reduce_sum(trusted, axis=1, keepdims=True)
        return (1.0 - mass) * towers + memory, memory

    def lifts(self, chances: Any, memory: Any, item_count: Any) -> Any:
        """What the ranker is told of chances and the memory's part of them, of the same shape.

        Returns:
            The last axis holds log p less that of a uniform choice, and log(1 + N m), where m
            is the chance by the memory alone.
        """
        count = tf.cast(item_count, tf.float32)
        trust = tf.maximum(self._trust(), LEAST_TRUST)
        lifts = tf.math.log(tf.maximum(chances, 0.0) + LEAST_CHANCE) + tf.math.log(count)
        return tf.stack([lifts, tf.math.log1p(count * tf.maximum(memory, 0.0) / trust)], axis=-1)

    def mix(self, towers: Any, memory: Any, mass: Any) -> Any:
        """Log p from the chances of the towers and the memory, of any shapes that broadcast."""
        trust = self._trust()
        return tf.math.log((1.0 - trust * mass) * towers + trust * memory + LEAST_CHANCE)

    def _trust(self) -> Any:
        return tf.sigmoid(tf.convert_to_tensor(self.trust))
