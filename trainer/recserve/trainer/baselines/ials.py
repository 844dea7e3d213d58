"""iALS: matrix factorisation for implicit feedback, by the package `implicit`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from recserve.trainer.baselines.method import Lesson, Scores, rows_of
from recserve.trainer.errors import DatasetError
from recserve.trainer.tables import Floats, Ints

ITERATIONS = 15
SEED = 42


@dataclass(frozen=True)
class Ials:
    """Alternating least squares (Hu, Koren and Volinsky, 2008).

    A user's vector is solved for from the history as it is when the question is asked, so
    histories that grow, and users who are new, are no different.
    """

    factors: int
    alpha: float
    regularization: float

    @property
    def settings(self) -> dict[str, float]:
        """What is tuned."""
        return asdict(self)

    def fit(self, lesson: Lesson, fitted: Mapping[str, Scores]) -> Scores:  # noqa: ARG002
        """Factorises the user-item matrix.

        Raises:
            DatasetError: If the package `implicit` is missing.
        """
        try:
            from implicit.cpu.als import AlternatingLeastSquares
            from threadpoolctl import threadpool_limits
        except ImportError as error:
            raise DatasetError(
                "iALS needs the package implicit: pip install 'recserve[baselines]'"
            ) from error
        with threadpool_limits(1, "blas"):  # it has threads of its own
            model = AlternatingLeastSquares(
                factors=self.factors,
                alpha=self.alpha,
                regularization=self.regularization,
                iterations=ITERATIONS,
                random_state=SEED,
            )
            model.fit(lesson.user_item(), show_progress=False)

        def scores(histories: Ints) -> Floats:
            users = np.arange(len(histories))
            vectors = model.recalculate_user(users, rows_of(histories, lesson.item_count))
            found: Floats = vectors @ model.item_factors.T
            return found

        return scores


GRID = tuple(
    Ials(factors, alpha, regularization)
    for factors in (32, 128)
    for alpha in (1.0, 10.0, 100.0)
    for regularization in (1.0, 10.0)
)
