"""The first stage: the chance of every item, from all sources."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from recserve.trainer.model.history import History
from recserve.trainer.model.memory import Memory
from recserve.trainer.model.neighbours import Neighbours
from recserve.trainer.model.selection import dense, exclusions

LEAST_CHANCE = 1e-12
LEAST_TRUST = 1e-12
# As a logit, 1 would be infinite.
MOST_TRUST = 0.9999
START_SHARE = 0.25
# Numbers that the ranker is told of each pair.
TOLD = 6


class Chances(NamedTuple):
    """What retrieval says of items, float32 `[B, N]` or `[B, C]` each."""

    all: Any
    """The chance; far below zero where the item is excluded."""
    towers: Any
    """The chance by the towers alone."""
    memory: Any
    """The memory's part of it; without meaning where the item is excluded."""
    near: Any
    """The chance by the neighbours alone."""


class Retrieval(keras.layers.Layer):
    """A mixture of three distributions over the catalogue.

    p(item | user) = (1 - s) [(1 - g m) softmax(user · item) + g memory(item)] + s near(item),
    where m is the sum of the memory's chances for this user; g, the trust in the memory, is
    learned, then chosen, and s, the share of the neighbours, is chosen.
    """

    def __init__(self, memory: Memory, neighbours: Neighbours) -> None:
        super().__init__(name="retrieval")
        self.memory = memory
        self.neighbours = neighbours
        self.trust = self.add_weight(name="trust", shape=(), initializer="zeros")
        self.share = self.add_weight(
            name="share",
            shape=(),
            initializer=keras.initializers.Constant(START_SHARE),
            trainable=False,
        )
        self.built = True

    def chances(
        self, user_vectors: Any, item_vectors: Any, history: History, excluded_rows: Any
    ) -> Chances:
        """The chance of every item, far below zero if excluded, and the sources' parts of it.

        Args:
            user_vectors: float32 `[B, V]`.
            item_vectors: float32 `[N, V]`.
            history: What the users did.
            excluded_rows: int32 `[B, E]`, padded with -1.
        """
        count = tf.shape(item_vectors)[0]
        towers = tf.nn.softmax(tf.matmul(user_vectors, item_vectors, transpose_b=True))
        share = tf.convert_to_tensor(self.share)
        kept = 1.0 - share
        memory, mass = self._followed(history, excluded_rows, count, self._trust(), kept)
        near = self.neighbours.chances(history, count)
        return Chances(_mixed(towers, memory, mass, near, share), towers, memory, near)

    def mixtures(
        self,
        user_vectors: Any,
        item_vectors: Any,
        history: History,
        excluded_rows: Any,
        weights: Sequence[tuple[Any, Any]],
    ) -> Iterator[Any]:
        """The chance of every item by other weights, float32 `[B, N]` for each pair of them.

        Args:
            user_vectors: float32 `[B, V]`.
            item_vectors: float32 `[N, V]`.
            history: What the users did.
            excluded_rows: int32 `[B, E]`, padded with -1.
            weights: A trust in the memory, above 0, and a share of the neighbours each.
        """
        count = tf.shape(item_vectors)[0]
        towers = tf.nn.softmax(tf.matmul(user_vectors, item_vectors, transpose_b=True))
        memory, mass = self._followed(history, excluded_rows, count, tf.constant(1.0), 1.0)
        near = self.neighbours.chances(history, count)
        for trust, share in weights:
            yield _mixed(towers, trust * memory, trust * mass, near, share)

    def told(self, chances: Chances, biases: Any, history: History, item_count: Any) -> Any:
        """What the ranker is told of some items, float32 `[B, C, TOLD]`.

        Args:
            chances: Of the items, `[B, C]` each.
            biases: Of the items, `[B, C]`, the last number of their vectors.
            history: What the users did.
            item_count: N.

        Returns:
            log p less that of a uniform choice; the same by the towers alone; log(1 + N m), where
            m is the chance by the memory alone; the same of the neighbours; the bias, which is
            how popular the item is; the log of the number of events.
        """
        count = tf.cast(item_count, tf.float32)
        trust = tf.maximum(self._trust(), LEAST_TRUST)
        lift = tf.math.log(tf.maximum(chances.all, 0.0) + LEAST_CHANCE) + tf.math.log(count)
        towers = tf.math.log(chances.towers + LEAST_CHANCE) + tf.math.log(count)
        memory = tf.math.log1p(count * tf.maximum(chances.memory, 0.0) / trust)
        near = tf.math.log1p(count * chances.near)
        done = tf.broadcast_to(log_events(history)[:, None], tf.shape(lift))
        return tf.stack([lift, towers, memory, near, biases, done], axis=-1)

    @property
    def weights_of_sources(self) -> tuple[float, float]:
        """The trust in the memory and the share of the neighbours."""
        return float(self._trust().numpy()), float(self.share.numpy())

    def weigh(self, trust: float, share: float) -> None:
        """Sets the trust in the memory, above 0, at most 1, and the share of the neighbours."""
        trust = min(trust, MOST_TRUST)
        self.trust.assign(math.log(trust / (1.0 - trust)))
        self.share.assign(share)

    def mix(self, towers: Any, memory: Any, mass: Any) -> Any:
        """Log p from the chances of the towers and the memory, of any shapes that broadcast."""
        trust = self._trust()
        return tf.math.log((1.0 - trust * mass) * towers + trust * memory + LEAST_CHANCE)

    def _followed(
        self, history: History, excluded_rows: Any, count: Any, trust: Any, kept: Any
    ) -> tuple[Any, Any]:
        """The memory's part of the chances, `[B, N]`, and the sum of it, `[B, 1]`.

        What puts excluded items out of reach is divided by `kept`, the share that is left for it.
        """
        followers, chances = self.memory.followers_of(history)
        trusted = trust * chances
        # One sparse sum brings in both what is likely and what is excluded.
        excluded, distance = exclusions(excluded_rows, count)
        memory = dense(
            tf.concat([followers, excluded], axis=1),
            tf.concat([trusted, distance / kept], axis=1),
            count,
        )
        return memory, tf.reduce_sum(trusted, axis=1, keepdims=True)

    def _trust(self) -> Any:
        return tf.sigmoid(tf.convert_to_tensor(self.trust))


def _mixed(towers: Any, memory: Any, mass: Any, near: Any, share: Any) -> Any:
    return (1.0 - share) * ((1.0 - mass) * towers + memory) + share * near


def log_events(history: History) -> Any:
    """log(1 + events) of each history, float32 `[B]`."""
    count = tf.reduce_sum(tf.cast(history.types >= 0, tf.float32), axis=1)
    return tf.math.log1p(count)
