"""The figures of the model and the baselines on the same questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from recserve.trainer.evaluation import bootstrap, segments
from recserve.trainer.evaluation.answered import BASELINE, MODEL
from recserve.trainer.evaluation.item_facts import ItemFacts
from recserve.trainer.evaluation.judged import COVERAGE, Judged, Table, judge, mean
from recserve.trainer.evaluation.questions import Questions
from recserve.trainer.tables import Ints
from recserve.v1 import model_pb2

NDCG = "ndcg@10"

Answers = Mapping[str, list[Ints]]
"""The first items for each question, int32 `[Q, 10]`, of each run, by the method's name."""


def contenders(
    questions: Questions, answers: Answers, facts: ItemFacts, seed: int
) -> list[model_pb2.Contender]:
    """Judges every method, the model and popularity among them.

    A method that ran several times counts with the mean of its runs, question by question, so
    the draws of users are of what all runs say together.
    """
    table = _table(questions, answers, facts, seed)
    found = {
        name: model_pb2.Contender(name=name, metrics=table.metrics(name, BASELINE))
        for name in answers
    }
    ours, drawn = table.value(MODEL, NDCG), table.drawn(MODEL, NDCG)
    for name, contender in found.items():
        theirs = table.value(name, NDCG)
        if name == MODEL or not theirs:
            continue
        contender.model_ratio = ours / theirs
        interval = bootstrap.ratio(drawn, table.drawn(name, NDCG))
        if interval is not None:
            contender.model_ratio_interval.CopyFrom(interval)
    for segment, about, chosen in _parts(questions, facts):
        part = {name: [rows[chosen] for rows in runs] for name, runs in answers.items()}
        table = _table(about, part, facts, seed)
        for name, contender in found.items():
            metrics = table.metrics(name, BASELINE)
            contender.segments.add(
                name=segment,
                user_count=len(np.unique(about.user)),
                metrics=[metric for metric in metrics if metric.name != COVERAGE],
            )
    return list(found.values())


def _parts(questions: Questions, facts: ItemFacts) -> list[tuple[str, Questions, Ints]]:
    """The segments: name, questions, and which of all they are."""
    sizes = questions.history_sizes
    masks = segments.by_history(sizes)
    masks |= {name: sizes == count for name, count in segments.AFTER}
    parts = [(name, questions, np.flatnonzero(mask)) for name, mask in masks.items()]
    new = questions.relevant.among(~facts.seen)
    about_new = replace(questions, relevant=new)
    parts.append(("new_items", about_new, np.flatnonzero(new.counts(len(questions)))))
    return [(name, about.take(chosen), chosen) for name, about, chosen in parts if len(chosen)]


def _table(questions: Questions, answers: Answers, facts: ItemFacts, seed: int) -> Table:
    judged: dict[str, Judged] = {
        name: mean([judge(rows, questions, facts) for rows in runs])
        for name, runs in answers.items()
    }
    return Table(questions.user, judged, seed)
