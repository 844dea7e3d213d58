"""Users to vectors: from what they did, what is known of them, and the moment."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recserve.trainer.model.features import EncodedFeatures, FeatureEncoder
from recserve.trainer.model.history import RECENT, History, HistoryWeights, recent
from recserve.trainer.vocabulary import FeatureStatistics

# One head looks at the last few events, one at nearly all of them.
HEAD_DECAYS = (0.7, 0.98)


class UserTower(keras.layers.Layer):
    """The vector of a user: weighted means of the history's item vectors, mapped, and features."""

    def __init__(
        self,
        length: int,
        type_count: int,
        users: FeatureStatistics,
        context: FeatureStatistics,
        width: int,
    ) -> None:
        super().__init__(name="user_tower")
        self.weights_of_events = HistoryWeights(
            min(length, RECENT), type_count, HEAD_DECAYS, name="taste"
        )
        self.user_features = FeatureEncoder(users, width, name="user_features")
        self.context_features = FeatureEncoder(context, width, name="context_features")
        self.maps = self.add_weight(
            name="maps",
            shape=(len(HEAD_DECAYS), width, width),
            initializer=keras.initializers.Constant(
                [tf.eye(width).numpy() / len(HEAD_DECAYS)] * len(HEAD_DECAYS)
            ),
        )
        self.bias = self.add_weight(name="bias", shape=(width,), initializer="zeros")
        self._scale = float(width) ** 0.5
        self.built = True

    def call(
        self,
        item_vectors: Any,
        history: History,
        user: EncodedFeatures,
        context: EncodedFeatures,
        hidden: Any = None,
    ) -> Any:
        """Encodes users.

        Args:
            item_vectors: float32 `[N, width + 1]`; `history.rows` are rows of it.
            history: What the users did.
            user: What is known of them.
            context: The moment.
            hidden: bool `[B, L]`, L at most `RECENT`: events to pass over (dropout).

        Returns:
            float32 `[B, width + 1]`; the product with an item's vector is its logit.
        """
        history = recent(history)
        weights = self.weights_of_events(history, hidden)
        events = tf.gather(item_vectors, tf.maximum(history.rows, 0))[:, :, :-1]
        pooled = tf.einsum("blh,blw->bhw", weights, events)
        vectors = tf.einsum("bhw,hwv->bv", pooled, tf.convert_to_tensor(self.maps)) + self.bias
        for encoder, features in ((self.user_features, user), (self.context_features, context)):
            if encoder.has_weights:
                vectors += encoder(features)
        return tf.concat([vectors * self._scale, tf.ones_like(vectors[:, :1])], axis=1)
