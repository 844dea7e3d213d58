"""Builds and trains the pointwise model."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recserve.trainer import vocabulary, weights
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.learning.inputs import batches, encode, take
from recserve.trainer.learning.steps import FIRST_BATCHES, Steps
from recserve.trainer.learning.stopping import BestWeights, passes
from recserve.trainer.learning.trained import Trained
from recserve.trainer.model.endpoints import Endpoints
from recserve.trainer.model.features import table_labels
from recserve.trainer.model.pointwise import Pointwise, Side
from recserve.trainer.model.signatures import dimensions_of
from recserve.trainer.progress import Progress
from recserve.trainer.split import split
from recserve.trainer.tables import Events, Ints, Tables
from recserve.trainer.weights import SavedWeights
from recserve.v1 import schema_pb2

SCORING_BATCH = 8192


def learn(
    tables: Tables,
    train: Events,
    schema: schema_pb2.Schema,
    hp: HyperParameters,
    start: SavedWeights | None,
    progress: Progress,
) -> Trained:
    """Builds and trains a pointwise model; the arguments are those of the two-stage one."""
    progress.stage("features", f"{len(train)} rows, {train.candidate.shape[1]} pair features")
    model = build(tables, train, hp)
    sides = (model.users, model.items, model.context)
    named = table_labels(side.strings for side in sides)
    if start is not None:
        weights.restore(start, model.trainable_variables, named)
    progress.stage("ranking")
    Lesson(tables, train, model, hp).learn(progress)
    dimensions = dimensions_of(
        schema, tables, hp.history_length, model.vector_width, model.state_width
    )
    return Trained(
        family="pointwise",
        endpoints=Endpoints(model, dimensions),
        dimensions=dimensions,
        candidate_count=hp.candidate_count,
        variables=model.trainable_variables,
        vocabularies=named,
        uses_history=False,
    )


def build(tables: Tables, train: Events, hp: HyperParameters) -> Pointwise:
    """An untrained model for these features."""
    return Pointwise(
        Side(vocabulary.learn(tables.user_features), "user"),
        Side(vocabulary.learn(tables.item_features), "item"),
        Side(vocabulary.learn(train.context), "context"),
        vocabulary.moments(train.candidate),
        hp.hidden_layers,
        hp.dropout,
    )


class Lesson:
    """Trains on rows with binary cross-entropy, and stops by rows held back from training."""

    def __init__(
        self, tables: Tables, train: Events, model: Pointwise, hp: HyperParameters
    ) -> None:
        self._train, self._model, self._hp = train, model, hp
        self._rng = np.random.default_rng(hp.seed)
        self._users = encode(model.users.strings, tables.user_features)
        self._items = encode(model.items.strings, tables.item_features)
        self._context = encode(model.context.strings, train.context)
        held = split(
            train, hp.holdout_share, clock=tables.clock, ordered=False, seed=hp.seed
        ).holdout
        labels = train.positive
        if held.all() or len(np.unique(labels[~held])) < 2:
            held = np.zeros_like(held)
        self._learned = np.flatnonzero(~held)
        self._held = np.flatnonzero(held) if held.any() else self._learned
        self._weights = model.trainable_variables
        self._optimizer = keras.optimizers.Adam(hp.learning_rate)
        self._optimizer.build(self._weights)
        self._step = tf.function(self._one_step, reduce_retracing=True, autograph=False)

    def learn(self, progress: Progress) -> None:
        """Trains with early stopping."""
        hp = self._hp
        best = BestWeights(self._weights, hp.patience)
        best.note_start(-self.validation_loss())
        steps = Steps(progress, hp.max_epochs, len(batches(self._learned, hp.batch_size)))
        steps.start(self.start_loss())
        for number, loss, reached in passes(
            hp.max_epochs, best, lambda: -self.validation_loss(), lambda: self.epoch(steps)
        ):
            progress.epoch(number, hp.max_epochs, loss, {"validation_log_loss": -reached})

    def start_loss(self) -> float:
        """The loss of the weights as they stand, on the first batches of the next pass.

        Leaves the random choices as they would have been.
        """
        state = self._rng.bit_generator.state
        order = batches(self._rng.permutation(self._learned), self._hp.batch_size)
        losses = [self._loss_without_dropout(batch) for batch in order[:FIRST_BATCHES]]
        self._rng.bit_generator.state = state
        return float(np.mean(losses))

    def epoch(self, steps: Steps) -> float:
        """One pass over the rows that are not held back; returns the mean loss."""
        losses = []
        for batch in batches(self._rng.permutation(self._learned), self._hp.batch_size):
            losses.append(self._step(self._inputs(batch), *self._labels(batch)))
            steps.done(losses[-1])
        return float(np.mean([loss.numpy() for loss in losses]))

    def validation_loss(self) -> float:
        """Mean log loss on the rows held back."""
        total = 0.0
        for batch in batches(self._held, SCORING_BATCH):
            total += self._loss_without_dropout(batch) * len(batch)
        return total / len(self._held)

    def _loss_without_dropout(self, rows: Ints) -> float:
        logits = self._logits(self._inputs(rows), training=False)
        return float(_log_loss(logits, *self._labels(rows)))

    def _logits(self, inputs: tuple[Any, ...], *, training: bool) -> Any:
        pair, user, context, item = inputs
        return self._model.logits(pair, user, context, item, training=training)

    def _inputs(self, rows: Ints) -> tuple[Any, ...]:
        events = self._train
        return (
            tf.constant(events.candidate[rows]),
            take(self._users, events.user[rows]),
            take(self._context, rows),
            take(self._items, events.item[rows]),
        )

    def _labels(self, rows: Ints) -> tuple[Any, Any]:
        positive = self._train.positive[rows].astype(np.float32)
        return tf.constant(positive), tf.constant(self._train.weight[rows])

    def _one_step(self, inputs: tuple[Any, ...], labels: Any, weight: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = _log_loss(self._logits(inputs, training=True), labels, weight)
            kernels = [layer.kernel.value for layer in self._model.mlp]
            penalty = tf.add_n([tf.reduce_sum(tf.square(kernel)) for kernel in kernels])
            total = loss + self._hp.l2 * penalty
        gradients = tape.gradient(
            total,
            [variable.value for variable in self._weights],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        self._optimizer.apply_gradients(zip(gradients, self._weights, strict=True))
        return loss


def _log_loss(logits: Any, labels: Any, weight: Any) -> Any:
    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    return tf.reduce_sum(losses * weight) / tf.reduce_sum(weight)
