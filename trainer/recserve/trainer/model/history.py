"""How much each event of a user's history counts."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

SECONDS_PER_HOUR = 3600.0
# What is learned by position reads this many events at most; the rest of a longer history is
# for the neighbours.
RECENT = 50


class History(NamedTuple):
    """The history inputs of the signatures."""

    rows: Any
    types: Any
    values: Any
    ages: Any


class HistoryWeights(keras.layers.Layer):
    """Learned weights by position, age, event type and value: several sets ("heads").

    The weights of one head are a softmax over the events on known items; they are all zero
    for an empty history.
    """

    def __init__(self, length: int, type_count: int, decays: tuple[float, ...], name: str) -> None:
        super().__init__(name=name)
        heads = len(decays)
        start = np.log(np.array(decays)) * np.arange(length)[:, None]
        self.positions = self.add_weight(
            name="positions", shape=(length, heads), initializer=keras.initializers.Constant(start)
        )
        self.types = self.add_weight(name="types", shape=(type_count, heads), initializer="zeros")
        self.age = self.add_weight(name="age", shape=(heads,), initializer="zeros")
        self.value = self.add_weight(name="value", shape=(heads,), initializer="zeros")
        self.value_moments = self.add_weight(
            name="value_moments",
            shape=(2,),
            initializer=keras.initializers.Constant([0.0, 1.0]),
            trainable=False,
        )
        self.built = True

    def call(self, history: History, hidden: Any = None) -> Any:
        """Weighs a history.

        Args:
            history: The events, oldest first.
            hidden: bool `[B, L]`: events to pass over (dropout). None passes over none.

        Returns:
            float32 `[B, L, heads]`.
        """
        there = history.rows >= 0
        if hidden is not None:
            there &= ~hidden
        logits = tf.gather(tf.convert_to_tensor(self.positions), positions(history))
        logits += tf.gather(tf.convert_to_tensor(self.types), tf.maximum(history.types, 0))
        logits += _present(tf.math.log1p(history.ages / SECONDS_PER_HOUR)) * self.age
        values = (history.values - self.value_moments[0]) / self.value_moments[1]
        logits += _present(values) * self.value
        return _masked_softmax(logits, there[:, :, None])


def positions(history: History) -> Any:
    """How many events came after each, int32 `[B, L]`: 0 for the latest."""
    length = history.rows.shape[1]
    count = tf.reduce_sum(tf.cast(history.types >= 0, tf.int32), axis=1, keepdims=True)
    return tf.clip_by_value(count - 1 - tf.range(length)[None, :], 0, length - 1)


def recent(history: History) -> History:
    """The latest `RECENT` events of each history, or all where there are not more places."""
    if history.rows.shape[1] <= RECENT:
        return history
    count = tf.reduce_sum(tf.cast(history.types >= 0, tf.int32), axis=1, keepdims=True)
    at = tf.maximum(count - RECENT, 0) + tf.range(RECENT)[None, :]
    return History(*(tf.gather(part, at, batch_dims=1) for part in history))


def _present(numbers: Any) -> Any:
    return tf.where(tf.math.is_finite(numbers), numbers, tf.zeros_like(numbers))[:, :, None]


def _masked_softmax(logits: Any, there: Any) -> Any:
    logits = tf.where(there, logits, -1e9)
    exponents = tf.exp(logits - tf.reduce_max(logits, axis=1, keepdims=True))
    exponents *= tf.cast(there, tf.float32)
    return exponents / tf.maximum(tf.reduce_sum(exponents, axis=1, keepdims=True), 1e-9)
