"""Trains the ranker on what retrieval really offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.learning.inputs import UserInputs, batches
from recserve.trainer.learning.steps import FIRST_BATCHES, Steps
from recserve.trainer.learning.validation import gains
from recserve.trainer.model.two_stage import TwoStage
from recserve.trainer.tables import Bools, Events, Floats, Ints

BATCH = 256
MOST_NEGATIVES = 63


@dataclass(frozen=True)
class Offers:
    """What retrieval offered at the moments of some events."""

    users: Floats
    """float32 `[n, V]`, user vectors."""
    rows: Ints
    """int32 `[n, C]`, the offered items, in no order."""
    retrieved: Floats
    """float32 `[n, C, TOLD]`, what retrieval says of each."""
    place: Ints
    """int32 `[n]`, the column of the item that was then chosen."""
    eligible: Bools
    """`[n, C]`: True for negatives; items that the user chose at another time are none."""
    asked: Ints
    """int32 `[n]`, the user that was asked about."""

    def __len__(self) -> int:
        return len(self.users)

    def take(self, chosen: Ints | Bools) -> Offers:
        """The offers at these places."""
        return Offers(
            self.users[chosen],
            self.rows[chosen],
            self.retrieved[chosen],
            self.place[chosen],
            self.eligible[chosen],
            self.asked[chosen],
        )


def offers(
    model: TwoStage, item_vectors: Any, inputs: UserInputs, events: Events, positions: Ints
) -> Offers:
    """Asks retrieval at the moments of these events, as a server would.

    Events whose item was not offered are left out: at them, ranking could change nothing.
    """
    retrieve = tf.function(_retrieve, reduce_retracing=True, autograph=False)
    wanted = min(model.candidate_count, len(item_vectors))
    parts = []
    for batch in batches(positions, BATCH):
        seen = tf.constant(inputs.histories.items_before(batch))
        asked = (*inputs.at(batch), seen)
        parts.append([part.numpy() for part in retrieve(model, item_vectors, wanted, *asked)])
    users, retrieved, rows, allowed = (np.concatenate(part) for part in zip(*parts, strict=True))
    found = rows == events.item[positions][:, None]
    offered = found.any(axis=1)
    chosen = _keys(events.user, events.item, len(item_vectors))
    asked_keys = _keys(events.user[positions][:, None], rows, len(item_vectors))
    eligible = ~np.isin(asked_keys, chosen) & allowed
    place = found.argmax(axis=1).astype(np.int32)
    made = Offers(users, rows, retrieved, place, eligible, events.user[positions])
    return made.take(offered & eligible.any(axis=1))


def _keys(users: Ints, rows: Ints, item_count: int) -> Ints:
    return users.astype(np.int64) * item_count + rows


def _retrieve(
    model: TwoStage,
    item_vectors: Any,
    wanted: int,
    history: Any,
    user: Any,
    context: Any,
    seen: Any,
) -> Any:
    users = model.users(item_vectors, history, user, context)
    available = tf.ones(tf.shape(item_vectors)[:1], tf.bool)
    offer = model.offer(users, item_vectors, history, available, seen, wanted)
    return users, offer.retrieved, offer.rows, offer.there


class RankerTrainer:
    """Fits the ranker; the towers stay as they are."""

    def __init__(self, model: TwoStage, item_vectors: Any, hp: HyperParameters) -> None:
        self._ranker = model.ranker
        self._vectors = item_vectors
        self._hp = hp
        self._rng = np.random.default_rng(hp.seed + 1)
        self.weights = self._ranker.trainable_variables
        self._logits = tf.function(self._score, reduce_retracing=True, autograph=False)

    def begin(self, *, with_vectors: bool) -> None:
        """Begins a round of passes.

        Args:
            with_vectors: Whether the weights by which vectors are read are learned too.
        """
        kept = () if with_vectors else {weight.path for weight in self._ranker.weights_of_vectors}
        self._learned = [weight for weight in self.weights if weight.path not in kept]
        self._optimizer = keras.optimizers.Adam(self._hp.learning_rate)
        self._optimizer.build(self._learned)
        self._step = tf.function(self._one_step, reduce_retracing=True, autograph=False)

    def pairs(self, offered: Offers) -> tuple[Ints, Floats]:
        """Labels, 0 or 1, and scores, `[n]`: each choice beside drawn negatives."""
        columns, parts = self._draw(offered, self._hp.negatives_per_positive), []
        for batch in batches(np.arange(len(offered)), BATCH):
            part = offered.take(batch)
            logits = self._logits(part.users, part.rows, part.retrieved).numpy()
            parts.append(np.take_along_axis(logits, columns[batch], axis=1))
        logits = np.concatenate(parts)
        labels = np.zeros(logits.shape, np.int32)
        labels[:, 0] = 1
        return labels.ravel(), 1.0 / (1.0 + np.exp(-logits.ravel()))

    def start_loss(self, offered: Offers) -> float:
        """The loss of the weights as they stand, on the first batches of the next pass.

        Leaves the random choices as they would have been.
        """
        state = self._rng.bit_generator.state
        order = batches(self._rng.permutation(len(offered)), self._hp.batch_size)[:FIRST_BATCHES]
        losses = [_loss(self._score(*self._beside(offered.take(batch)))) for batch in order]
        self._rng.bit_generator.state = state
        return float(np.mean([loss.numpy() for loss in losses]))

    def epoch(self, offered: Offers, steps: Steps) -> float:
        """One pass over the offers: each choice beside freshly drawn negatives."""
        losses = []
        for batch in batches(self._rng.permutation(len(offered)), self._hp.batch_size):
            losses.append(self._step(*self._beside(offered.take(batch))))
            steps.done(losses[-1])
        return float(np.mean([loss.numpy() for loss in losses]))

    def ndcg(self, offered: Offers) -> float:
        """NDCG@10 of the chosen items among all that was offered with them."""
        return float(self.gains(offered).mean())

    def gains(self, offered: Offers) -> Floats:
        """NDCG@10 of each offer, float64 `[n]`."""
        parts = []
        for batch in batches(np.arange(len(offered)), BATCH):
            part = offered.take(batch)
            logits = self._logits(part.users, part.rows, part.retrieved).numpy()
            chosen = np.take_along_axis(logits, part.place[:, None], axis=1)
            parts.append(((logits > chosen) & part.eligible).sum(axis=1))
        return gains(np.concatenate(parts))

    def _beside(self, part: Offers) -> tuple[Floats, Ints, Floats]:
        """Users, and the rows and retrieval of each one's choice, first, and negatives."""
        columns = self._draw(part, MOST_NEGATIVES)
        rows = np.take_along_axis(part.rows, columns, axis=1)
        retrieved = np.take_along_axis(part.retrieved, columns[:, :, None], axis=1)
        return part.users, rows, retrieved

    def _draw(self, part: Offers, most: int) -> Ints:
        """Columns `[B, 1 + negatives]`: the chosen item, then negatives, each once."""
        noise = self._rng.random(part.rows.shape, dtype=np.float32)
        noise[~part.eligible] = 2.0
        count = min(most, int(part.eligible.sum(axis=1).min()))
        negatives = np.argpartition(noise, count - 1, axis=1)[:, :count]
        return np.concatenate([part.place[:, None], negatives], axis=1)

    def _score(self, users: Any, rows: Any, retrieved: Any, training: bool = False) -> Any:
        vectors = tf.gather(self._vectors, rows)
        states = self._ranker.item_states(vectors)
        return self._ranker(users, vectors, states, retrieved, training=training)

    def _one_step(self, users: Any, rows: Any, retrieved: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = _loss(self._score(users, rows, retrieved, training=True))
            kernels = [weight for weight in self.weights if len(weight.shape) == 2]
            penalty = tf.add_n([tf.reduce_sum(tf.square(kernel.value)) for kernel in kernels])
            total = loss + self._hp.l2 * penalty
        gradients = tape.gradient(total, [weight.value for weight in self._learned])
        self._optimizer.apply_gradients(zip(gradients, self._learned, strict=True))
        return loss


def _loss(logits: Any) -> Any:
    """Softmax cross-entropy, where the first of each row was chosen."""
    return tf.reduce_mean(tf.reduce_logsumexp(logits, axis=1) - logits[:, 0])
