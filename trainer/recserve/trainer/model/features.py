"""Features to vectors, with the preprocessing inside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from recserve.trainer.model.words import words
from recserve.trainer.vocabulary import FeatureStatistics, TextVocabulary

MISSING_ROW = 0
# Beyond that a number says little more, and one slip of the keyboard would drown all else.
MOST_DEVIATIONS = 5.0


class EncodedFeatures(NamedTuple):
    """Features after lookup: what can be kept over many training steps."""

    numbers: Any
    """float32 `[n, number width]`, standardised; 0 where missing."""
    ids: Any
    """int32 `[n, slots]`, rows of the embedding table; 0 for none."""
    shares: Any
    """float32 `[n, slots]`, how much each slot counts."""


class FeatureEncoder(keras.layers.Layer):
    """Looks raw features up, and sums one trained vector per value.

    Numbers are standardised, a missing one becomes the mean. A time is a number, and its place
    in the day and in the week. A vector is centred, scaled to a mean squared length of 1, and
    mapped. A string that was not there in training counts nothing. The values of one
    multi-valued feature are averaged; the words of a text count by their inverse document
    frequency, scaled to a vector of length 1, so that before any training two texts are as
    alike as the cosine of their tf-idf vectors (Salton and Buckley 1988).
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
        vocabularies = statistics.vocabularies
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
        # A value's vector has the length 1/2 at first, and so has the image of a vector.
        normal = keras.initializers.RandomNormal(stddev=width**-0.5 / 2)
        if vocabularies:
            self.table = self.add_weight(
                name="table", shape=(int(self._offsets[-1]), width), initializer=normal
            )
        if numbers and statistics.number_width:
            self.kernel = self.add_weight(
                name="kernel", shape=(statistics.number_width, width), initializer="zeros"
            )
            vectors = sum(statistics.layout.dimensions)
            self.kernel.assign(
                tf.concat([self.kernel[: -vectors or None], normal((vectors, width))], axis=0)
            )
        self.built = True

    @property
    def has_weights(self) -> bool:
        """Whether there is anything to encode; if not, all vectors are zero."""
        return self.kernel is not None or self.table is not None

    def labels(self) -> list[str]:
        """What each row of the table stands for, as "feature index/value"."""
        rows = [
            f"{index}/{value}"
            for index, values in enumerate(self.statistics.vocabularies)
            for value in values or ("\0",)
        ]
        return ["", *rows]

    def lookup(self, numeric: Any, categorical: Any, multi_valued: Any) -> EncodedFeatures:
        """Raw features to numbers and rows of the table."""
        layout, none = self.statistics.layout, tf.zeros_like(numeric[:, :0])
        ids, shares = [tf.cast(none, tf.int32)], [none]
        for index, lookup in enumerate(self._lookups):
            at, text_at = index - layout.categorical, index - len(self._lookups) + layout.texts
            if text_at >= 0:
                cells = categorical[:, layout.categorical + text_at]
                found, counts = _known_words(lookup, cells, self.statistics.texts[text_at])
            else:
                cells = categorical[:, index : index + 1] if at < 0 else multi_valued[:, at, :]
                found, counts = _known_values(lookup, cells)
            ids.append(tf.where(found >= 0, found + self._offsets[index], MISSING_ROW))
            shares.append(counts)
        return EncodedFeatures(self._numbers(numeric), tf.concat(ids, 1), tf.concat(shares, 1))

    def _numbers(self, numeric: Any) -> Any:
        layout = self.statistics.layout
        numbers = standardised(numeric, self.statistics.means, self.statistics.deviations)
        if not layout.timestamps:
            return numbers
        end = layout.numeric + layout.timestamps
        turns = _turns(numeric[:, layout.numeric : end])
        return tf.concat([numbers[:, :end], turns, numbers[:, end:]], axis=1)

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


def standardised(numbers: Any, means: Any, deviations: Any) -> Any:
    """Numbers in standard deviations from the mean, at most five; a missing one is the mean."""
    numbers = (numbers - means) / deviations
    numbers = tf.where(tf.math.is_finite(numbers), numbers, tf.zeros_like(numbers))
    return tf.clip_by_value(numbers, -MOST_DEVIATIONS, MOST_DEVIATIONS)


def _turns(days: Any) -> Any:
    """Places in the day and in the week, UTC, as points on circles; 0 where missing."""
    places = tf.concat([tf.math.floormod(days, 1.0), tf.math.floormod(days, 7.0) / 7.0], axis=1)
    angles = places * (2.0 * np.pi)
    turns = tf.concat([tf.sin(angles), tf.cos(angles)], axis=1)
    return tf.where(tf.math.is_finite(turns), turns, tf.zeros_like(turns))


def _known_values(lookup: Any, cells: Any) -> tuple[Any, Any]:
    """Places in a vocabulary of strings `[n, values]`, -1 for none, and their shares."""
    found = tf.cast(lookup(cells), tf.int32) - 2
    known = tf.cast(found >= 0, tf.float32)
    return found, known / tf.maximum(tf.reduce_sum(known, axis=1, keepdims=True), 1.0)


def _known_words(lookup: Any, cells: Any, text: TextVocabulary) -> tuple[Any, Any]:
    """Places of the first known words of texts `[n]`, -1 for none, and how much they count."""
    split = words(cells)
    found = split.with_flat_values(tf.cast(lookup(split.flat_values), tf.int32) - 2)
    found = tf.ragged.boolean_mask(found, found >= 0).to_tensor(-1, shape=(None, text.length))
    counts = tf.gather(tf.constant([0.0, *text.weights], tf.float32), found + 1)
    lengths = tf.sqrt(tf.reduce_sum(tf.square(counts), axis=1, keepdims=True))
    return found, tf.math.divide_no_nan(counts, lengths)


def gather(features: EncodedFeatures, rows: Any) -> EncodedFeatures:
    """The features of these rows."""
    return EncodedFeatures(*(tf.gather(part, rows) for part in features))


def table_labels(encoders: Iterable[FeatureEncoder]) -> dict[str, list[str]]:
    """What the rows of the encoders' tables stand for, by the path of the weight."""
    return {
        encoder.table.path: encoder.labels() for encoder in encoders if encoder.table is not None
    }
