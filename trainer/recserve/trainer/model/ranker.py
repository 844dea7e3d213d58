"""The second stage: an MLP that orders what retrieval offers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from recserve.trainer.model.retrieval import TOLD


class Ranker(keras.layers.Layer):
    """P(positive) of a (user, item) pair.

    logit = a · told + b + MLP([user; item; user * item; told]), with ReLU between the layers;
    told is what retrieval says of the pair. Its first number is the lift: retrieval's log
    p(item | user) less that of a uniform choice. The MLP's last layer starts at zero, so
    ranking starts from the order of retrieval; what it reads of vectors starts at zero too. The
    item's part of the first layer, W·[u;i] = Wu·u + Wi·i, is the item's state and is computed
    once.
    """

    def __init__(self, vector_width: int, hidden_layers: tuple[int, ...], dropout: float) -> None:
        super().__init__(name="ranker")
        first, *rest = hidden_layers
        self.state_width = first
        self.user_part = keras.layers.Dense(first, kernel_initializer="zeros", name="user_part")
        self.item_part = keras.layers.Dense(
            first, kernel_initializer="zeros", use_bias=False, name="item_part"
        )
        self.product_part = self.add_weight(
            name="product_part", shape=(vector_width - 1, first), initializer="zeros"
        )
        self.retrieval_part = self.add_weight(
            name="retrieval_part", shape=(TOLD, first), initializer="glorot_uniform"
        )
        self.hidden = [
            keras.layers.Dense(units, "relu", name=f"hidden_{i}") for i, units in enumerate(rest, 1)
        ]
        self.out = keras.layers.Dense(1, kernel_initializer="zeros", name="out")
        self.skip = self.add_weight(
            name="skip",
            shape=(TOLD,),
            initializer=keras.initializers.Constant(np.eye(1, TOLD)[0]),
        )
        self.dropout = keras.layers.Dropout(dropout)
        self.user_part.build((None, vector_width))
        self.item_part.build((None, vector_width))
        for width, layer in zip(hidden_layers, [*self.hidden, self.out], strict=True):
            layer.build((None, width))
        self.built = True

    def rescale(self, slope: float, intercept: float) -> None:
        """Makes every logit `slope` times what it was, plus `intercept`.

        Both are folded into the weights: the last layer and the skip connection are linear.
        """
        self.skip.assign(slope * self.skip)
        self.out.kernel.assign(slope * self.out.kernel)
        self.out.bias.assign(slope * self.out.bias + intercept)

    @property
    def weights_of_vectors(self) -> list[Any]:
        """The weights by which vectors are read."""
        return [self.user_part.kernel, self.item_part.kernel, self.product_part]

    def item_states(self, item_vectors: Any) -> Any:
        """The items' part of the first layer, float32 `[N, S]`."""
        return self.item_part(item_vectors)

    def call(
        self,
        user_vectors: Any,
        item_vectors: Any,
        item_states: Any,
        retrieved: Any,
        training: bool = False,
    ) -> Any:
        """Scores pairs; the arguments are those of `hidden_units`.

        Returns:
            Logits, float32 `[B, C]`.
        """
        units = self.hidden_units(user_vectors, item_vectors, item_states, retrieved, training)
        return self.logits(units, retrieved)

    def hidden_units(
        self,
        user_vectors: Any,
        item_vectors: Any,
        item_states: Any,
        retrieved: Any,
        training: bool = False,
    ) -> Any:
        """The activations of the last hidden layer.

        Args:
            user_vectors: float32 `[B, V]`.
            item_vectors: float32 `[B, C, V]`.
            item_states: float32 `[B, C, S]`.
            retrieved: float32 `[B, C, TOLD]`, what retrieval says of the pairs.
            training: Whether units are dropped.

        Returns:
            float32 `[B * C, F]`: of rank 2, layers run as one operation.
        """
        # sum_w u_w i_w P_ws and all else but the item's state as one product with a matrix for
        # each user. The bias of an item's vector has no part in it.
        maps = user_vectors[:, :-1, None] * tf.convert_to_tensor(self.product_part)[None]
        shares = tf.convert_to_tensor(self.retrieval_part)[None]
        shares = tf.tile(tf.pad(shares, [[0, 0], [1, 0], [0, 0]]), [tf.shape(maps)[0], 1, 1])
        maps = tf.concat([maps, shares, self.user_part(user_vectors)[:, None, :]], axis=1)
        pairs = tf.concat([item_vectors, retrieved, tf.ones_like(retrieved[:, :, :1])], axis=2)
        units = tf.matmul(pairs, maps) + item_states
        units = self.dropout(tf.nn.relu(units), training=training)
        units = tf.reshape(units, [-1, self.state_width])
        for layer in self.hidden:
            units = self.dropout(layer(units), training=training)
        return units

    def logits(self, units: Any, retrieved: Any) -> Any:
        """Logits, float32 `[B, C]`, of these hidden units and what retrieval says."""
        logits = tf.reshape(self.out(units), tf.shape(retrieved)[:2])
        return logits + tf.linalg.matvec(retrieved, tf.convert_to_tensor(self.skip))
