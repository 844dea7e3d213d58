"""Features to vectors, with the preprocessing inside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from recserve.trainer.vocabulary import FeatureStatistics

MISSING_ROW = 0


class EncodedFeatures(NamedTuple):
    """Features after lookup: what can be kept over many training steps."""

    numbers: Any
    """float32 `[n, numeric]`, standardised; 0 where missing."""
    ids: Any
    """int32 `[n, slots]`, rows of the embedding table; 0 for none."""
    shares: Any
    """float32 `[n, slots]`, how much each slot counts."""


class FeatureEncoder(keras.layers.Layer):
    """Looks raw features up, and sums one trained vector per value.

    Numbers are standardised, a missing one becomes the mean. A string that was not there in
    training counts nothing. The values of one multi-valued feature are averaged.
    """

    def __init__(
        self, statistics: FeatureStatistics, width: int, name: str, *, numbers: bool = True
    ) -> None:
        """Builds the encoder.

        Args:
            statistics: Vocabularies and moments.
            width: Of the vectors.
            name: Of the layer.
            numbers: Whether numbers have a part in the vectors; if not, `call` leaves them out.
        """
        super().__init__(name=name)
        self.statistics = statistics
        self.width = width
        self._means = statistics.means
        self._deviations = statistics.deviations
        vocabularies = (*statistics.categorical, *statistics.multi_valued)
        self._lookups = [
            keras.layers.StringLookup(
                vocabulary=list(values or ("\0",)), mask_token="", num_oov_indices=1
            )
            for values in vocabularies
        ]
        sizes = [max(len(values), 1) for values in vocabularies]
        self._offsets = np.concatenate([[1], 1 + np.cumsum(sizes)]).astype(np.int32)
        self.table: Any = None
        self.kernel: Any = None
        if vocabularies:
            self.table = self.add_weight(
                name="table",
                shape=(int(self._offsets[-1]), width),
                initializer=keras.initializers.RandomNormal(stddev=width**-0.5 / 2),
            )
        if numbers and len(statistics.means):
            self.kernel = self.add_weight(
                name="kernel", shape=(len(statistics.means), width), initializer="zeros"
            )
        self.built = True

    @property
    def has_weights(self) -> bool:
        """Whether there is anything to encode; if not, all vectors are zero."""
        return self.kernel is not None or self.table is not None

    def labels(self) -> list[str]:
        """What each row of the table stands for, as "feature index/value"."""
        vocabularies = (*self.statistics.categorical, *self.statistics.multi_valued)
        rows = [
            f"{index}/{value}"
            for index, values in enumerate(vocabularies)
            for value in values or ("\0",)
        ]
        return ["", *rows]

    def lookup(self, numeric: Any, categorical: Any, multi_valued: Any) -> EncodedFeatures:
        """Raw features to numbers and rows of the table."""
        numbers = (numeric - self._means) / self._deviations
        numbers = tf.where(tf.math.is_finite(numbers), numbers, tf.zeros_like(numbers))
        ids, shares = [tf.zeros_like(categorical[:, :0], tf.int32)], [tf.zeros_like(numbers[:, :0])]
        for index, lookup in enumerate(self._lookups):
            at = index - len(self.statistics.categorical)
            cells = categorical[:, index : index + 1] if at < 0 else multi_valued[:, at, :]
            found = tf.cast(lookup(cells), tf.int32) - 2
            known = tf.cast(found >= 0, tf.float32)
            ids.append(tf.where(found >= 0, found + self._offsets[index], MISSING_ROW))
            shares.append(known / tf.maximum(tf.reduce_sum(known, axis=1, keepdims=True), 1.0))
        if len(ids) > 1:
            ids, shares = ids[1:], shares[1:]
        else:
            ids = [tf.zeros(tf.stack([tf.shape(numeric)[0], 0]), tf.int32)]
            shares = [tf.zeros(tf.stack([tf.shape(numeric)[0], 0]), tf.float32)]
        return EncodedFeatures(numbers, tf.concat(ids, 1), tf.concat(shares, 1))

    def call(self, features: EncodedFeatures) -> Any:
        """The sum of the values' vectors, float32 `[n, width]`."""
        total = tf.zeros(tf.stack([tf.shape(features.numbers)[0], self.width]))
        if self.kernel is not None:
            total += tf.matmul(features.numbers, tf.convert_to_tensor(self.kernel))
        if self.table is not None:
            total += self._sum_of_vectors(features)
        return total

    def _sum_of_vectors(self, features: EncodedFeatures) -> Any:
        table, count = tf.convert_to_tensor(self.table), tf.shape(features.ids)[0]
        size = int(self._offsets[-1])
        if size <= self.width:
            # A small table is faster multiplied with how much each of its rows counts.
            at = tf.range(count)[:, None] * size + features.ids
            flat, shares = tf.reshape(at, [-1]), tf.reshape(features.shares, [-1])
            counts = tf.math.unsorted_segment_sum(shares, flat, count * size)
            return tf.matmul(tf.reshape(counts, [count, size]), table)
        # Most slots are empty: only the others are looked up.
        slots = tf.where(features.ids > 0)
        vectors = tf.gather(table, tf.gather_nd(features.ids, slots))
        vectors *= tf.gather_nd(features.shares, slots)[:, None]
        return tf.math.unsorted_segment_sum(vectors, slots[:, 0], count)


def gather(features: EncodedFeatures, rows: Any) -> EncodedFeatures:
    """The features of these rows."""
    return EncodedFeatures(*(tf.gather(part, rows) for part in features))


def table_labels(encoders: Iterable[FeatureEncoder]) -> dict[str, list[str]]:
    """What the rows of the encoders' tables stand for, by the path of the weight."""
    return {
        encoder.table.path: encoder.labels() for encoder in encoders if encoder.table is not None
    }
