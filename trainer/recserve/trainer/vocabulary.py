"""What features look like in the data: vocabularies and moments, learned before training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import tensorflow as tf

from recserve.trainer.feature_layout import FeatureLayout
from recserve.trainer.model.words import words
from recserve.trainer.tables import FeatureTable, Floats, Strings

MOST_WORDS = 20_000
MOST_WORDS_OF_A_TEXT = 64
LEAST_TEXTS = 2

TIME_PARTS = 5
"""Numbers that a time becomes: itself, and the day and the week as points on a circle."""


@dataclass(frozen=True)
class TextVocabulary:
    """The words of one text feature."""

    words: tuple[str, ...]
    """Those that come in two texts or more, the most frequent first."""
    weights: Floats
    """float32 `[words]`, inverse document frequency: ln((1 + n) / (1 + texts with it)) + 1
    (Spärck Jones 1972)."""
    length: int
    """Words of a text that are read, at least 1."""


@dataclass(frozen=True)
class FeatureStatistics:
    """What an encoder of features needs to know of the training data."""

    layout: FeatureLayout
    means: Floats
    """float32 `[layout.numbers]`; 0 for a feature that is always missing."""
    deviations: Floats
    """float32 `[layout.numbers]`; 1 for a constant feature. The numbers of one vector share one,
    the root of the mean squared distance from the mean vector, so that angles stay."""
    categorical: tuple[tuple[str, ...], ...]
    """The values of each categorical feature, most frequent first."""
    multi_valued: tuple[tuple[str, ...], ...]
    """The values of each multi-valued feature, most frequent first."""
    texts: tuple[TextVocabulary, ...]
    """The words of each text feature."""

    @property
    def vocabularies(self) -> tuple[tuple[str, ...], ...]:
        """The strings that have a vector each: of categories, of lists, of texts."""
        return (*self.categorical, *self.multi_valued, *(text.words for text in self.texts))

    @property
    def number_width(self) -> int:
        """Numbers that a model reads of one thing."""
        return self.layout.numbers + (TIME_PARTS - 1) * self.layout.timestamps


def learn(table: FeatureTable) -> FeatureStatistics:
    """Reads vocabularies, means and standard deviations off a table."""
    layout = table.layout
    end = layout.numeric + layout.timestamps
    means, deviations = ([part] for part in moments(table.numeric[:, :end]))
    for dimension in layout.dimensions:
        center, spread = _spread(table.numeric[:, end : end + dimension])
        means.append(center)
        deviations.append(np.full(dimension, spread, np.float32))
        end += dimension
    return FeatureStatistics(
        layout,
        np.concatenate(means),
        np.concatenate(deviations),
        tuple(_values(table.categorical[:, i]) for i in range(layout.categorical)),
        tuple(_values(table.multi_valued[:, i].ravel()) for i in range(layout.multi_valued)),
        tuple(_words(table.categorical[:, i]) for i in range(layout.categorical, layout.strings)),
    )


def moments(numeric: Floats) -> tuple[Floats, Floats]:
    """Means and standard deviations of columns, missing numbers left out.

    A number far outside, by more than the span of the middle 98 %, counts as one at that
    distance: a single slip of the keyboard must not make all others look the same.
    """
    present = np.isfinite(numeric)
    counts = np.maximum(present.sum(axis=0), 1)
    filled = np.where(present, numeric, 0.0).astype(np.float64)
    for column, there in zip(filled.T, present.T, strict=True):
        if there.any():
            low, high = np.quantile(column[there], (0.01, 0.99))
            np.clip(column, 2 * low - high, 2 * high - low, out=column, where=there)
    means = filled.sum(axis=0) / counts
    squares = np.where(present, (filled - means) ** 2, 0.0).sum(axis=0) / counts
    deviations = np.where(squares > 0, np.sqrt(squares), 1.0)
    return means.astype(np.float32), deviations.astype(np.float32)


def _spread(vectors: Floats) -> tuple[Floats, float]:
    """The mean vector, and the root of the mean squared distance from it; 1 if that is 0."""
    there = vectors[np.isfinite(vectors).all(axis=1)]
    if not len(there):
        return np.zeros(vectors.shape[1], np.float32), 1.0
    center = there.mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = float(np.sqrt(np.square(there - center).sum(axis=1).mean()))
    return center, spread or 1.0


def _values(cells: Strings) -> tuple[str, ...]:
    values, counts = np.unique(cells[cells != ""].astype(str), return_counts=True)
    return tuple(str(value) for value in values[np.lexsort((values, -counts))])


def _words(cells: Strings) -> TextVocabulary:
    texts = cells[cells != ""].astype(str)
    split = words(tf.constant(texts, tf.string))
    codes, found = pd.factorize(split.flat_values.numpy())
    keys = np.unique(split.value_rowids().numpy() * max(len(found), 1) + codes)
    counts = np.bincount(keys % max(len(found), 1), minlength=len(found))
    known = counts >= LEAST_TEXTS
    names, counts = np.array([word.decode() for word in found], dtype=object)[known], counts[known]
    best = np.lexsort((names.astype(str), -counts))[:MOST_WORDS]
    lengths = np.bincount(split.value_rowids().numpy(), known[codes], minlength=1)
    return TextVocabulary(
        tuple(names[best]),
        (np.log((1.0 + len(texts)) / (1.0 + counts[best])) + 1.0).astype(np.float32),
        int(np.clip(lengths.max(initial=1), 1, MOST_WORDS_OF_A_TEXT)),
    )
