"""The score by which the training of retrieval stops."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from recserve.trainer.learning.inputs import UserInputs, batches
from recserve.trainer.model.selection import without
from recserve.trainer.model.two_stage import TwoStage
from recserve.trainer.tables import Events, Ints

BATCH = 256


def next_item_ndcg(
    model: TwoStage, item_vectors: Any, inputs: UserInputs, events: Events, positions: Ints
) -> float:
    """NDCG@10 of the items of these events, each asked for at its moment, over all items.

    What the user had before is left out. With one right item at rank r, NDCG is
    1 / log2(r + 1). Ties count as half lost.
    """
    gains = []
    for batch in batches(positions, BATCH):
        seen = tf.constant(inputs.histories.items_before(batch))
        targets = tf.constant(events.item[batch])
        ranks = _ranks(model, item_vectors, inputs.at(batch), seen, targets).numpy()
        gains.append(np.where(ranks < 10, 1.0 / np.log2(ranks + 2.0), 0.0))
    return float(np.concatenate(gains).mean())


def _ranks(model: TwoStage, item_vectors: Any, asked: Any, seen: Any, targets: Any) -> Any:
    history, user, context = asked
    users = model.users(item_vectors, history, user, context)
    lifts = model.log_lifts(users, item_vectors, history)
    lifts = without(lifts, tf.ones(tf.shape(item_vectors)[:1], tf.bool), seen)
    chosen = tf.gather(lifts, targets, batch_dims=1)[:, None]
    above = tf.reduce_sum(tf.cast(lifts > chosen, tf.float32), axis=1)
    beside = tf.reduce_sum(tf.cast(lifts == chosen, tf.float32), axis=1) - 1.0
    return above + beside / 2.0
