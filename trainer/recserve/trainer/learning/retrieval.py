"""Trains retrieval: the next item of every history, by a softmax over the catalogue."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from recserve.trainer import transitions
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.learning.inputs import UserInputs, ahead, batches
from recserve.trainer.learning.negatives import NegativeSampler
from recserve.trainer.learning.steps import FIRST_BATCHES, Steps
from recserve.trainer.model.features import EncodedFeatures
from recserve.trainer.model.history import History
from recserve.trainer.model.two_stage import TwoStage
from recserve.trainer.tables import Events, Ints, popularity

ID_DROPOUT = 0.1
# Vectors begin near zero and have farther to go than the layers of an MLP.
TOWER_RATE = 3.0
NEVER = -1e9
# In one pass; of more, each pass draws so many, so that it is seen in time when to stop.
MOST_EXAMPLES = 150_000


class Step(NamedTuple):
    """What one training step reads; rows of items are rows of `own_rows`."""

    history: History
    hidden: Any
    user: EncodedFeatures
    context: EncodedFeatures
    own_rows: Any
    item_popularity: Any
    item_features: EncodedFeatures
    targets: Any
    weights: Any
    negatives: Any
    log_rates: Any
    blocked: Any
    memory: Any
    mass: Any


class RetrievalTrainer:
    """Fits the towers, and how far the memory is trusted, to the events at hand."""

    def __init__(
        self, model: TwoStage, own_rows: Ints, item_features: EncodedFeatures, hp: HyperParameters
    ) -> None:
        self._model = model
        self._all_own_rows = own_rows
        self._own_rows = own_rows
        self._features = item_features
        self._hp = hp
        self._rng = np.random.default_rng(hp.seed)
        layers = (model.items, model.users, model.retrieval)
        self.weights = [weight for layer in layers for weight in layer.trainable_variables]
        self._optimizer = keras.optimizers.Adam(hp.learning_rate * TOWER_RATE)
        self._optimizer.build(self.weights)
        self._step = tf.function(self.learn, reduce_retracing=True, autograph=False)

    def use(self, events: Events) -> None:
        """Takes these events as what is known: counts transitions and popularity."""
        items = len(self._all_own_rows)
        self._transitions = transitions.count(events, items)
        self._model.retrieval.memory.remember(self._transitions)
        known = np.bincount(events.item, minlength=items) > 0
        self._own_rows = np.where(known, self._all_own_rows, -1)
        self._popularity = popularity(events, items)
        self._sampler = NegativeSampler(known, self._popularity, self._rng)

    def slow_down(self, share: float) -> None:
        """Makes every further step so much smaller."""
        self._optimizer.learning_rate.assign(self._optimizer.learning_rate * share)

    def start_loss(self, inputs: UserInputs, events: Events, examples: Ints) -> float:
        """The loss of the weights as they stand, on the first batches of the next pass.

        Leaves the random choices as they would have been.
        """
        state = self._rng.bit_generator.state
        order = batches(self._rng.permutation(examples), self._hp.batch_size)[:FIRST_BATCHES]
        losses = [self._loss(self.prepare(inputs, events, batch))[0].numpy() for batch in order]
        self._rng.bit_generator.state = state
        return float(np.mean(losses))

    def epoch(self, inputs: UserInputs, events: Events, examples: Ints, steps: Steps) -> float:
        """One pass over the examples, or as many as `MOST_EXAMPLES` of them.

        Args:
            inputs: Of the events.
            events: That are learned from.
            examples: Positions of the events to predict.
            steps: Hears of each batch.

        Returns:
            The mean loss.
        """
        drawn = self._rng.permutation(examples)[:MOST_EXAMPLES]
        order = batches(drawn, self._hp.batch_size)
        losses = []
        for step in ahead(functools.partial(self.prepare, inputs, events), order):
            losses.append(self._step(step))
            steps.done(losses[-1])
        return float(np.mean([loss.numpy() for loss in losses]))

    def item_vectors(self) -> Any:
        """Vectors of all items as they stand, float32 `[N, V]`."""
        features = EncodedFeatures(*(tf.constant(part) for part in self._features))
        return self._model.items(
            tf.constant(self._own_rows), tf.constant(self._popularity), features
        )

    def prepare(self, inputs: UserInputs, events: Events, batch: Ints) -> Step:
        """What one step reads, for the events at these positions."""
        history = inputs.histories.before(batch)
        targets, weights = events.item[batch], events.weight[batch]
        negatives = self._sampler.draw()
        parts = (history.rows.ravel(), targets, negatives.rows)
        rows, places = np.unique(np.concatenate(parts), return_inverse=True)
        at_history, at_targets, at_negatives = np.split(
            places.astype(np.int32), np.cumsum([len(part) for part in parts])[:-1]
        )
        at_history = np.where(history.rows >= 0, at_history.reshape(history.rows.shape), -1)
        rows = np.maximum(rows, 0)
        own = np.where(self._rng.random(len(rows)) < ID_DROPOUT, -1, self._own_rows[rows])
        return Step(
            history=History(at_history, history.types, history.values, history.ages),
            hidden=self._rng.random(history.rows.shape) < self._hp.dropout,
            user=inputs.user_at(batch),
            context=inputs.context_at(batch),
            own_rows=own.astype(np.int32),
            item_popularity=self._popularity[rows],
            item_features=EncodedFeatures(*(part[rows] for part in self._features)),
            targets=at_targets,
            weights=weights,
            negatives=at_negatives,
            log_rates=negatives.log_rates,
            blocked=self._sampler.blocked(negatives, history.rows, targets),
            memory=self._transitions.unseen(history.rows, targets, weights),
            mass=self._transitions.mass(history.rows),
        )

    def learn(self, step: Step) -> Any:
        """One step of the optimiser; returns the loss before it."""
        with tf.GradientTape() as tape:
            loss, penalty = self._loss(step)
            total = loss + self._hp.l2 * penalty
        gradients = tape.gradient(
            total,
            [weight.value for weight in self.weights],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        self._optimizer.apply_gradients(zip(gradients, self.weights, strict=True))
        return loss

    def _loss(self, step: Step) -> tuple[Any, Any]:
        log_chances, penalty = self._log_chances(step)
        return -tf.reduce_sum(step.weights * log_chances) / tf.reduce_sum(step.weights), penalty

    def _log_chances(self, step: Step) -> tuple[Any, Any]:
        model = self._model
        vectors = model.items(step.own_rows, step.item_popularity, step.item_features)
        users = model.users(vectors, step.history, step.user, step.context, step.hidden)
        targets = tf.reduce_sum(users * tf.gather(vectors, step.targets), axis=1, keepdims=True)
        negatives = tf.matmul(users, tf.gather(vectors, step.negatives), transpose_b=True)
        negatives = tf.where(step.blocked, NEVER, negatives - step.log_rates)
        towers = tf.nn.softmax(tf.concat([targets, negatives], axis=1))[:, 0]
        weights = model.retrieval.memory.weights_of_events(step.history, step.hidden)[:, :, 0]
        memory = tf.reduce_sum(weights * step.memory, axis=1)
        mass = tf.reduce_sum(weights * step.mass, axis=1)
        penalty = tf.reduce_mean(tf.reduce_sum(tf.square(vectors), axis=1))
        penalty += tf.reduce_mean(tf.reduce_sum(tf.square(users[:, :-1]), axis=1))
        return model.retrieval.mix(towers, memory, mass), penalty
