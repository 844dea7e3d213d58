"""The first stage: the chance of every item, from two towers and the memory."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recserve.trainer.model.history import History
from recserve.trainer.model.memory import Memory

LEAST_CHANCE = 1e-12


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

    def log_chances(
        self, user_vectors: Any, item_vectors: Any, history: History
    ) -> tuple[Any, Any]:
        """Log p of every item for every user, and the memory's part, float32 `[B, N]` each."""
        towers = tf.nn.softmax(tf.matmul(user_vectors, item_vectors, transpose_b=True))
        memory = self.memory.scores(history, tf.shape(item_vectors)[0])
        return self.mix(towers, memory, tf.reduce_sum(memory, axis=1, keepdims=True)), memory

    def mix(self, towers: Any, memory: Any, mass: Any) -> Any:
        """Log p from the chances of the towers and the memory, of any shapes that broadcast."""
        trust = tf.sigmoid(tf.convert_to_tensor(self.trust))
        return tf.math.log((1.0 - trust * mass) * towers + trust * memory + LEAST_CHANCE)
