"""ItemKNN: items are recommended that the users of the history's items had, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from recserve.trainer.baselines.method import Lesson, Scores, rows_of
from recserve.trainer.tables import Floats, Ints

BLOCK = 256
LEAST = 1e-12


@dataclass(frozen=True)
class ItemKnn:
    """Cosine similarity, shrunk, of the nearest neighbours alone.

    s_ij = |users of both| / (sqrt(|users of i| |users of j|) + shrinkage); of each item the
    `neighbours` largest count (Sarwar et al., "Item-based collaborative filtering recommendation
    algorithms", 2001; shrunk as by Ferrari Dacrema et al., 2019). A user's scores are the sums
    over the history.
    """

    neighbours: int
    shrinkage: float

    @property
    def settings(self) -> dict[str, float]:
        """What is tuned."""
        return asdict(self)

    def fit(self, lesson: Lesson, fitted: Mapping[str, Scores]) -> Scores:  # noqa: ARG002
        """Finds the neighbours of every item."""
        similarity = self._neighbours(lesson.user_item())

        def scores(histories: Ints) -> Floats:
            found: Floats = (rows_of(histories, lesson.item_count) @ similarity).toarray()
            return found

        return scores

    def _neighbours(self, matrix: Any) -> Any:
        """Similarities, scipy CSR `[N, N]`; at most `neighbours` in each column."""
        from scipy import sparse

        lengths = np.sqrt(matrix.getnnz(axis=0)).astype(np.float32)
        by_item, count = matrix.T.tocsr(), matrix.shape[1]
        kept = min(self.neighbours, count)
        parts = []
        for start in range(0, count, BLOCK):
            items = np.arange(start, min(start + BLOCK, count))
            block = (by_item[items] @ matrix).toarray()
            block /= np.maximum(lengths[items, None] * lengths + self.shrinkage, LEAST)
            block[items - start, items] = 0.0
            near = np.argpartition(-block, kept - 1, axis=1)[:, :kept]
            values = np.take_along_axis(block, near, axis=1)
            parts.append((values.ravel(), near.ravel(), np.repeat(items, kept)))
        values, neighbours, items = (np.concatenate(part) for part in zip(*parts, strict=True))
        found = sparse.csr_matrix((values, (neighbours, items)), (count, count))
        found.eliminate_zeros()
        return found


GRID = tuple(
    ItemKnn(neighbours, shrinkage) for neighbours in (20, 100) for shrinkage in (0.0, 10.0, 100.0)
)
