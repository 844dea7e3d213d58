"""What features look like in the data: vocabularies and moments, learned before training."""

from dataclasses import dataclass

import numpy as np

from recserve.trainer.tables import FeatureTable, Floats, Strings


@dataclass(frozen=True)
class FeatureStatistics:
    """What an encoder of features needs to know of the training data."""

    means: Floats
    """float32 `[numeric]`; 0 for a feature that is always missing."""
    deviations: Floats
    """float32 `[numeric]`; 1 for a constant feature."""
    categorical: tuple[tuple[str, ...], ...]
    """The values of each categorical feature, most frequent first."""
    multi_valued: tuple[tuple[str, ...], ...]
    """The values of each multi-valued feature, most frequent first."""

    @property
    def text_count(self) -> int:
        """Categorical and multi-valued features."""
        return len(self.categorical) + len(self.multi_valued)


def learn(table: FeatureTable) -> FeatureStatistics:
    """Reads vocabularies, means and standard deviations off a table."""
    means, deviations = moments(table.numeric)
    return FeatureStatistics(
        means,
        deviations,
        tuple(_values(table.categorical[:, i]) for i in range(table.categorical.shape[1])),
        tuple(
            _values(table.multi_valued[:, i].ravel()) for i in range(table.multi_valued.shape[1])
        ),
    )


def moments(numeric: Floats) -> tuple[Floats, Floats]:
    """Means and standard deviations of columns, missing numbers left out."""
    present = np.isfinite(numeric)
    counts = np.maximum(present.sum(axis=0), 1)
    filled = np.where(present, numeric, 0.0).astype(np.float64)
    means = filled.sum(axis=0) / counts
    squares = np.where(present, (filled - means) ** 2, 0.0).sum(axis=0) / counts
    deviations = np.where(squares > 0, np.sqrt(squares), 1.0)
    return means.astype(np.float32), deviations.astype(np.float32)


def _values(cells: Strings) -> tuple[str, ...]:
    values, counts = np.unique(cells[cells != ""].astype(str), return_counts=True)
    return tuple(str(value) for value in values[np.lexsort((values, -counts))])
