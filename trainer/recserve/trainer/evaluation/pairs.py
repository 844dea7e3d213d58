"""The pairs of user and item that the classifier metrics of a two-stage model are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from recserve.trainer.evaluation import classification
from recserve.trainer.evaluation.questions import Questions
from recserve.trainer.evaluation.setting import Setting
from recserve.trainer.tables import Floats, Ints
from recserve.v1 import model_pb2


@dataclass(frozen=True)
class Pairs:
    """Offered pairs: each right one, and sampled wrong ones."""

    labels: Ints
    """int32 `[n]`, 0 or 1."""
    users: Ints
    """int `[n]`."""
    items: Ints
    """int `[n]`."""
    scores: Floats
    """float32 `[n]`, of the model."""

    @classmethod
    def of(cls, setting: Setting, questions: Questions, rows: Ints, scores: Floats) -> Self:
        """From the questions about users with a history, and what was offered to them."""
        known = questions.known
        questions, rows, scores = questions.take(known), rows[known], scores[known]
        rng = np.random.default_rng(setting.seed)
        right = questions.relevant.hits(rows)
        wanted = right.sum(axis=1) * setting.negatives_per_positive
        noise = np.where((rows >= 0) & ~right, rng.random(rows.shape), 2.0)
        order = noise.argsort(axis=1).argsort(axis=1)
        chosen = right | ((order < wanted[:, None]) & (noise < 2.0))
        users = np.broadcast_to(questions.user[:, None], rows.shape)
        return cls(right[chosen].astype(np.int32), users[chosen], rows[chosen], scores[chosen])

    def metrics(self, popularity: Floats, seed: int) -> list[model_pb2.Metric]:
        """The classifier metrics; none where all labels are the same."""
        if not 0 < self.labels.sum() < len(self.labels):
            return []
        baseline = classification.calibrated(np.log1p(popularity[self.items]), self.labels)
        return classification.compared(self.labels, self.scores, baseline, self.users, seed)
