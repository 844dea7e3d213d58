"""Questions with the answers of a model and of a baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from recserve.trainer.evaluation.item_facts import ItemFacts
from recserve.trainer.evaluation.judged import COVERAGE, Table, judge
from recserve.trainer.evaluation.questions import Questions
from recserve.trainer.evaluation.ranking import Relevant
from recserve.trainer.tables import Bools, Ints
from recserve.v1 import model_pb2

MODEL, BASELINE = "model", "popularity"


@dataclass(frozen=True)
class Answered:
    """The first items of both for each question, int32 `[Q, K]`; K is at least 10."""

    questions: Questions
    model: Ints
    baseline: Ints

    def take(self, chosen: Bools) -> Self:
        """Some of the questions."""
        return type(self)(self.questions.take(chosen), self.model[chosen], self.baseline[chosen])

    def where_right(self, relevant: Relevant) -> Self:
        """The questions that these are right answers of, with no others."""
        questions = replace(self.questions, relevant=relevant)
        return replace(self, questions=questions).take(relevant.counts(len(questions)) > 0)

    def metrics(self, facts: ItemFacts, seed: int) -> list[model_pb2.Metric]:
        """The ranking metrics, with intervals."""
        judged = {
            MODEL: judge(self.model, self.questions, facts),
            BASELINE: judge(self.baseline, self.questions, facts),
        }
        return Table(self.questions.user, judged, seed).metrics(MODEL, BASELINE)

    def segment(self, name: str, facts: ItemFacts, seed: int) -> model_pb2.Segment:
        """These questions as a segment."""
        metrics = self.metrics(facts, seed)
        return model_pb2.Segment(
            name=name,
            user_count=len(np.unique(self.questions.user)),
            metrics=[metric for metric in metrics if metric.name != COVERAGE],
        )
