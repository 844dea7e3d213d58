"""EASE as a baseline; `recserve.trainer.item_similarity.ease` solves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from recserve.trainer.baselines.method import Lesson, Scores, rows_of
from recserve.trainer.item_similarity import ease
from recserve.trainer.tables import Floats, Ints


@dataclass(frozen=True)
class Ease:
    """The closed-form linear autoencoder (Steck, 2019)."""

    l2: float

    @property
    def settings(self) -> dict[str, float]:
        """What is tuned."""
        return asdict(self)

    def fit(self, lesson: Lesson, fitted: Mapping[str, Scores]) -> Scores:  # noqa: ARG002
        """Solves for the weights.

        Raises:
            DatasetError: If there are too many items.
        """
        weights = ease.solve(lesson.user_item(), self.l2)

        def scores(histories: Ints) -> Floats:
            found: Floats = rows_of(histories, lesson.item_count) @ weights
            return found

        return scores


GRID = tuple(Ease(l2) for l2 in (10.0, 30.0, 100.0, 300.0, 1000.0))
