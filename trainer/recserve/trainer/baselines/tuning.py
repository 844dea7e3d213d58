"""Chooses the settings of a baseline on questions that are not those of the test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recserve.trainer.baselines.answers import recommend
from recserve.trainer.baselines.method import Lesson, Method, Scores
from recserve.trainer.evaluation import ranking
from recserve.trainer.evaluation.answers import Popular
from recserve.trainer.evaluation.questions import Questions


@dataclass(frozen=True)
class Tuned:
    """The best setting of a grid."""

    method: Method
    scores: Scores
    """What it learned from the lesson of the validation."""
    ndcg: float
    """Its NDCG@10 on the validation."""


def tune(
    grid: Sequence[Method],
    lesson: Lesson,
    questions: Questions,
    popular: Popular,
    fitted: Mapping[str, Scores],
    tell: Callable[[str], None],
) -> Tuned:
    """Tries every setting of a grid.

    Args:
        grid: At least one.
        lesson: What each learns from.
        questions: What each is asked.
        popular: For users of whom nothing is known.
        fitted: The methods that come before it, by name.
        tell: Hears of each setting.
    """
    best: Tuned | None = None
    for number, method in enumerate(grid, 1):
        scores = method.fit(lesson, fitted)
        rows = recommend(scores, popular, questions, ranking.CUT_OFF)
        ndcg = float(np.mean(ranking.metrics(rows, questions.relevant)["ndcg@10"]))
        tell(f"{number}/{len(grid)}, {in_words(method)}: ndcg@10 {ndcg:.4f}")
        if best is None or ndcg > best.ndcg:
            best = Tuned(method, scores, ndcg)
    if best is None:
        raise ValueError("an empty grid")
    return best


def in_words(method: Method) -> str:
    """The settings as text."""
    return ", ".join(f"{name} {value:g}" for name, value in method.settings.items())
