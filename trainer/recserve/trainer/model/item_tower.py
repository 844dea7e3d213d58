"""Items to vectors."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from recserve.trainer.model.features import EncodedFeatures, FeatureEncoder
from recserve.trainer.vocabulary import FeatureStatistics


class ItemTower(keras.layers.Layer):
    """The vector of an item: its own, which is nothing for an unknown id, and its features'.

    The last number of a vector is the item's bias: its own, and a share of its popularity. Of an
    item without a vector of its own nobody can know yet how popular it will be: all such items
    share one bias, which training learns where it hides items' own vectors. Else a new item would
    stand behind whatever is popular.
    """

    def __init__(self, item_ids: list[str], statistics: FeatureStatistics, width: int) -> None:
        super().__init__(name="item_tower")
        self.item_ids = item_ids
        self.width = width
        self._lookup = keras.layers.StringLookup(
            vocabulary=item_ids, mask_token=None, num_oov_indices=1
        )
        self.features = FeatureEncoder(statistics, width, name="item_features")
        normal = keras.initializers.RandomNormal(stddev=width**-0.5)
        self.table = self.add_weight(name="table", shape=(len(item_ids), width), initializer=normal)
        self.bias = self.add_weight(name="bias", shape=(len(item_ids),), initializer="zeros")
        self.popularity_weight = self.add_weight(
            name="popularity_weight", shape=(), initializer=keras.initializers.Constant(1.0)
        )
        self.new_bias = self.add_weight(name="new_bias", shape=(), initializer="zeros")
        self.built = True

    @property
    def vector_width(self) -> int:
        """Width of an item vector, the bias included."""
        return self.width + 1

    def rows_of(self, item_ids: Any) -> Any:
        """The row of each id's own vector, int32 `[N]`; -1 for an unknown id."""
        return tf.cast(self._lookup(item_ids), tf.int32) - 1

    def call(self, rows: Any, popularity: Any, features: EncodedFeatures, kept: Any = None) -> Any:
        """Encodes items.

        Args:
            rows: int32 `[N]`, -1 for items without a vector of their own.
            popularity: float32 `[N]`, weighted count of positive events.
            features: The looked-up features.
            kept: bool `[N]`: False hides an item's own vector, so that training teaches
                features to stand alone. None hides none.

        Returns:
            float32 `[N, width + 1]`.
        """
        own = rows >= 0 if kept is None else (rows >= 0) & kept
        share = tf.cast(own, tf.float32)
        at = tf.maximum(rows, 0)
        vectors = tf.gather(tf.convert_to_tensor(self.table), at) * share[:, None]
        vectors += self.features(features)
        bias = tf.gather(tf.convert_to_tensor(self.bias), at)
        bias += self.popularity_weight * tf.math.log1p(popularity)
        bias = tf.where(own, bias, tf.convert_to_tensor(self.new_bias))
        return tf.concat([vectors, bias[:, None]], axis=1)
