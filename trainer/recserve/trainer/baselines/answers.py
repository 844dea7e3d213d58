"""Asks a baseline the questions that a model is asked."""

from __future__ import annotations

import numpy as np

from recserve.trainer.baselines.method import Scores
from recserve.trainer.evaluation.answers import BATCH, Popular
from recserve.trainer.evaluation.questions import Questions
from recserve.trainer.tables import Floats, Ints

TIE = 1e-12
"""What a row costs, in parts of the largest score; scores are float32, so only ties are decided."""


def recommend(scores: Scores, popular: Popular, questions: Questions, count: int) -> Ints:
    """The first items for each question, int32 `[Q, K]`; -1 for none.

    Items that the user had are left out; of equal scores the lower row wins, which is the more
    popular item. Users of whom nothing is known get what is popular, as from a model.
    """
    rows = np.full((len(questions), count), -1, np.int32)
    for part, asked in questions.batches(BATCH):
        excluded = asked.items_before()
        found = scores(asked.wanted_before()).astype(np.float64)
        number, place = np.nonzero(excluded >= 0)
        found[number, excluded[number, place]] = -np.inf
        rows[part] = _best(found, count)
        known = asked.known
        if not known.all():
            rows[part][~known] = popular.without(excluded[~known], count)
    return rows


def _best(scores: Floats, count: int) -> Ints:
    """The rows of the largest scores, int `[B, K]`, the largest first; -1 for -infinity."""
    item_count = scores.shape[1]
    largest = np.max(
        np.abs(scores), axis=1, keepdims=True, where=np.isfinite(scores), initial=1e-30
    )
    ranked = scores - TIE * largest * np.arange(item_count)
    kept = min(count, item_count)
    top = np.argpartition(-ranked, kept - 1, axis=1)[:, :kept]
    order = np.argsort(-np.take_along_axis(ranked, top, axis=1), axis=1)
    top = np.take_along_axis(top, order, axis=1)
    top = np.where(np.isfinite(np.take_along_axis(scores, top, axis=1)), top, -1)
    return np.pad(top, ((0, 0), (0, count - kept)), constant_values=-1)
