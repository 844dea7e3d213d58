"""What is measured of answers to questions, question by question."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recserve.trainer.evaluation import bootstrap, ranking
from recserve.trainer.evaluation.item_facts import ItemFacts
from recserve.trainer.evaluation.questions import Questions
from recserve.trainer.tables import Floats, Ints
from recserve.v1 import model_pb2

NOVELTY, DIVERSITY, COVERAGE = (
    f"{name}@{ranking.CUT_OFF}" for name in ("novelty", "diversity", "coverage")
)


@dataclass(frozen=True)
class Judged:
    """The metrics of one method's answers."""

    values: dict[str, Floats]
    """float64 `[Q]` by name; NaN where a metric says nothing of a question."""
    coverage: float
    """The share of the catalogue that was recommended, 0 to 1."""


def judge(rows: Ints, questions: Questions, facts: ItemFacts) -> Judged:
    """Judges recommendations, int `[Q, K]`, best first, -1 for none; K is at least 10."""
    values = ranking.metrics(rows, questions.relevant)
    values |= {NOVELTY: facts.novelty(rows), DIVERSITY: facts.diversity(rows)}
    return Judged(values, ranking.coverage(rows, len(facts.seen)))


def mean(several: list[Judged]) -> Judged:
    """The mean of one method's metrics over several runs on the same questions."""
    return Judged(
        {
            name: np.mean([one.values[name] for one in several], axis=0)
            for name in several[0].values
        },
        float(np.mean([one.coverage for one in several])),
    )


class Table:
    """The metrics of methods on the same questions, with intervals over the same drawn users.

    Args:
        users: int `[Q]`, whom each question is about.
        methods: What was judged, by name.
        seed: Seed of the draws.
    """

    def __init__(self, users: Ints, methods: dict[str, Judged], seed: int) -> None:
        self._methods = methods
        columns = {
            (method, metric): value
            for method, judged in methods.items()
            for metric, value in judged.values.items()
        }
        values = np.stack(list(columns.values()), axis=1)
        with np.errstate(invalid="ignore"):
            self._means = np.nansum(values, axis=0) / (~np.isnan(values)).sum(axis=0)
        self._place = {key: at for at, key in enumerate(columns)}
        self._draws = bootstrap.means(values, users, seed)

    def value(self, method: str, metric: str) -> float:
        """The mean of a metric over the questions; NaN where it says nothing of any."""
        return float(self._means[self._place[method, metric]])

    def drawn(self, method: str, metric: str) -> Floats:
        """That mean in each draw."""
        return self._draws[:, self._place[method, metric]]

    def metrics(self, method: str, baseline: str) -> list[model_pb2.Metric]:
        """The metrics of a method beside those of a baseline."""
        found = []
        for name in self._methods[method].values:
            value, beside = self.value(method, name), self.value(baseline, name)
            if np.isnan(value) or np.isnan(beside):
                continue
            drawn, drawn_beside = self.drawn(method, name), self.drawn(baseline, name)
            found.append(
                model_pb2.Metric(
                    name=name,
                    value=value,
                    baseline=beside,
                    interval=bootstrap.interval(drawn),
                    baseline_interval=bootstrap.interval(drawn_beside),
                    ratio_interval=bootstrap.ratio(drawn, drawn_beside),
                )
            )
        covered, covered_beside = (self._methods[name].coverage for name in (method, baseline))
        return [*found, model_pb2.Metric(name=COVERAGE, value=covered, baseline=covered_beside)]
