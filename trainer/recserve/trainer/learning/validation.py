"""The score by which the training of retrieval stops."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from recserve.trainer.evaluation.ranking import CUT_OFF
from recserve.trainer.learning.inputs import UserInputs, batches
from recserve.trainer.model.two_stage import TwoStage
from recserve.trainer.tables import Events, Floats, Ints

BATCH = 256


class NextItem:
    """NDCG@10 of the next items of histories, over all items.

    Args:
        model: Whose retrieval is asked.
        inputs: Of the events.
        events: All events that histories are cut from.
        positions: Of the events whose items are asked for, each at its moment.
    """

    def __init__(
        self, model: TwoStage, inputs: UserInputs, events: Events, positions: Ints
    ) -> None:
        self._inputs, self._events, self._positions = inputs, events, positions
        self._ranks = tf.function(
            functools.partial(_ranks, model), reduce_retracing=True, autograph=False
        )
        self._ranks_of_mixtures = tf.function(
            functools.partial(_ranks_of_mixtures, model), reduce_retracing=True, autograph=False
        )

    def ndcg(self, item_vectors: Any) -> float:
        """The score of retrieval as it stands.

        What the user had before is left out.
        """
        parts = [self._ranks(item_vectors, *asked).numpy() for asked in self._asked()]
        return float(gains(np.concatenate(parts)).mean())

    def ndcgs(self, item_vectors: Any, weights: Sequence[tuple[float, float]]) -> Floats:
        """The score by other weights of the sources, `[W]`, for each pair of them.

        Args:
            item_vectors: float32 `[N, V]`.
            weights: A trust in the memory and a share of the neighbours each.
        """
        parts = [
            self._ranks_of_mixtures(item_vectors, *asked, weights).numpy()
            for asked in self._asked()
        ]
        means: Floats = gains(np.concatenate(parts, axis=1)).mean(axis=1)
        return means

    def _asked(self) -> Iterator[tuple[Any, Any, Any]]:
        """What is known of users, what they had, and what they turned to, batch after batch."""
        for batch in batches(self._positions, BATCH):
            seen = tf.constant(self._inputs.histories.items_before(batch))
            yield self._inputs.at(batch), seen, tf.constant(self._events.item[batch])


def _ranks(model: TwoStage, item_vectors: Any, asked: Any, seen: Any, targets: Any) -> Any:
    history, user, context = asked
    users = model.users(item_vectors, history, user, context)
    return ranks(model.retrieval.chances(users, item_vectors, history, seen).all, targets)


def _ranks_of_mixtures(
    model: TwoStage,
    item_vectors: Any,
    asked: Any,
    seen: Any,
    targets: Any,
    weights: Sequence[tuple[float, float]],
) -> Any:
    history, user, context = asked
    users = model.users(item_vectors, history, user, context)
    mixtures = model.retrieval.mixtures(users, item_vectors, history, seen, weights)
    return tf.stack([ranks(mixture, targets) for mixture in mixtures])


def ranks(scores: Any, targets: Any) -> Any:
    """How many items stand before each target, float32 `[B]`; ties count as half lost.

    Args:
        scores: float32 `[B, N]`.
        targets: int32 `[B]`.
    """
    chosen = tf.gather(scores, targets, batch_dims=1)[:, None]
    above = tf.reduce_sum(tf.cast(scores > chosen, tf.float32), axis=1)
    beside = tf.reduce_sum(tf.cast(scores == chosen, tf.float32), axis=1) - 1.0
    return above + beside / 2.0


def gains(ranks: Floats | Ints) -> Floats:
    """NDCG@10 where one item is right and so many stand before it: 1 / log2(rank + 2), or 0."""
    return np.where(ranks < CUT_OFF, 1.0 / np.log2(ranks + 2.0), 0.0)
