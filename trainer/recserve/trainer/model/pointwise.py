"""The pointwise model: an MLP over the features of a pair, for flat data."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recserve.trainer.model.features import FeatureEncoder, standardised
from recserve.trainer.model.selection import best, without
from recserve.trainer.model.two_stage import lookup
from recserve.trainer.tables import Floats
from recserve.trainer.vocabulary import FeatureStatistics

# Width of the vector that a side's strings become; sides without any have none.
TEXT_WIDTH = 16


class Side(keras.layers.Layer):
    """One side of a pair: its numbers, and a vector for its strings."""

    def __init__(self, statistics: FeatureStatistics, name: str) -> None:
        super().__init__(name=name)
        self.strings = FeatureEncoder(statistics, TEXT_WIDTH, f"{name}_strings", numbers=False)
        self.has_strings = bool(statistics.vocabularies)
        self.width = statistics.number_width + TEXT_WIDTH * self.has_strings
        self.built = True

    def call(self, features: Any) -> Any:
        """Looked-up features to float32 `[n, width]`."""
        if not self.has_strings:
            return features.numbers
        return tf.concat([features.numbers, self.strings(features)], axis=1)


class Pointwise(keras.Model):
    """P(positive) of a pair by an MLP over [pair; user; context; item] features.

    The parts of the first layer are computed apart, W·[p;u;c;i] = Wp·p + Wu·u + Wc·c + Wi·i,
    so that an item's is computed once. An item's vector is its part of the input, and its
    state that of the first layer.
    """

    def __init__(
        self,
        users: Side,
        items: Side,
        context: Side,
        pair_moments: tuple[Floats, Floats],
        hidden_layers: tuple[int, ...],
        dropout: float,
    ) -> None:
        super().__init__(name="pointwise")
        self.users, self.items, self.context = users, items, context
        self._pair_means, self._pair_deviations = pair_moments
        widths = (len(self._pair_means), users.width, context.width, items.width)
        self._parts = np.concatenate([[0], np.cumsum(widths)])
        layers = [
            keras.layers.Dense(units, "relu", name=f"hidden_{i}")
            for i, units in enumerate(hidden_layers)
        ]
        self.mlp = [*layers, keras.layers.Dense(1, name="out")]
        for width, layer in zip((sum(widths), *hidden_layers), self.mlp, strict=True):
            layer.build((None, width))
        self.dropout = keras.layers.Dropout(dropout)
        self.vector_width = max(1, items.width)
        self.state_width = hidden_layers[0]
        self.built = True

    def encode_items(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Items to their part of the input and of the first layer."""
        features = self.items(lookup(self.items.strings, inputs, "item"))
        padding = [[0, 0], [0, self.vector_width - self.items.width]]
        # The id and the popularity are inputs of the signature, but not of this model.
        return {
            "item_vectors": tf.pad(features, padding),
            "item_states": tf.matmul(features, self._kernel(3)),
        }

    def encode_users(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Zeros: there is nothing to retrieve by."""
        batch = tf.shape(inputs["history_rows"])[0]
        return {"user_vectors": tf.zeros(tf.stack([batch, self.vector_width]))}

    def recommend(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The best items of the whole catalogue, each scored with the pair unknown."""
        states = inputs["item_states"]
        callers = self._caller_units(inputs)
        # One user at a time: all at once, the first layer alone would fill the memory.
        logits = tf.map_fn(lambda units: self._rest(units[None] + states), callers)
        scores = tf.sigmoid(logits)
        offered = without(scores, inputs["available"], inputs["excluded_rows"])
        rows = tf.broadcast_to(tf.range(tf.shape(states)[0])[None], tf.shape(offered))
        rows, scores = best(offered, rows, inputs["result_count"])
        return {"rows": rows, "scores": scores}

    def score(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The scores of given items with the features of each pair."""
        return {"scores": self.features(inputs)["scores"]}

    def features(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """The last hidden layer for given items with the features of each pair, and scores."""
        rows = inputs["candidate_rows"]
        states = tf.gather(inputs["item_states"], tf.maximum(rows, 0))
        pairs = self._standard(inputs["candidate_features"])
        first = states + self._caller_units(inputs)[:, None] + self._pair_units(pairs)
        units = self._hidden_units(first)
        scores = tf.sigmoid(self.mlp[-1](units)[..., 0])
        return {"features": units, "scores": tf.where(rows >= 0, scores, 0.0)}

    def logits(self, pair: Any, user: Any, context: Any, item: Any, *, training: bool) -> Any:
        """Logits of rows, float32 `[n]`, from raw pair features and looked-up others."""
        sides = (self._standard(pair), self.users(user), self.context(context), self.items(item))
        first = tf.matmul(tf.concat(sides, axis=1), tf.convert_to_tensor(self.mlp[0].kernel))
        return self._rest(first + tf.convert_to_tensor(self.mlp[0].bias), training)

    def _caller_units(self, inputs: dict[str, Any]) -> Any:
        user = self.users(lookup(self.users.strings, inputs, "user"))
        context = self.context(lookup(self.context.strings, inputs, "context"))
        units = tf.matmul(user, self._kernel(1)) + tf.matmul(context, self._kernel(2))
        return units + tf.convert_to_tensor(self.mlp[0].bias)

    def _pair_units(self, pairs: Any) -> Any:
        shape = tf.shape(pairs)
        flat = tf.matmul(
            tf.reshape(pairs, [shape[0] * shape[1], len(self._pair_means)]), self._kernel(0)
        )
        return tf.reshape(flat, [shape[0], shape[1], self.state_width])

    def _kernel(self, part: int) -> Any:
        kernel = tf.convert_to_tensor(self.mlp[0].kernel)
        return kernel[int(self._parts[part]) : int(self._parts[part + 1])]

    def _standard(self, pairs: Any) -> Any:
        """Standardised pair features; what is missing becomes the mean."""
        return standardised(pairs, self._pair_means, self._pair_deviations)

    def _rest(self, first: Any, training: bool = False) -> Any:
        """Logits from what the first layer adds up."""
        return self.mlp[-1](self._hidden_units(first, training))[..., 0]

    def _hidden_units(self, first: Any, training: bool = False) -> Any:
        """The activations of the last hidden layer from what the first one adds up."""
        units = self.dropout(tf.nn.relu(first), training=training)
        for layer in self.mlp[1:-1]:
            units = self.dropout(layer(units), training=training)
        return units
