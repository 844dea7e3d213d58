"""Evaluates a two-stage model as a server would use it."""

from __future__ import annotations

import numpy as np

from recserve.trainer.evaluation import calibration, long_tail, segments
from recserve.trainer.evaluation.answered import Answered
from recserve.trainer.evaluation.answers import Asked, Popular
from recserve.trainer.evaluation.item_facts import ItemFacts
from recserve.trainer.evaluation.pairs import Pairs
from recserve.trainer.evaluation.questions import about_holdout
from recserve.trainer.evaluation.ranking import CUT_OFF
from recserve.trainer.evaluation.setting import Runner, Setting
from recserve.trainer.tables import Floats, Ints
from recserve.trainer.tables import popularity as popularity_of
from recserve.v1 import model_pb2


def evaluate(run: Runner, setting: Setting) -> model_pb2.Evaluation:
    """Ranks the whole catalogue for every user with held-out positives.

    Returns:
        Metrics, segments, calibration and popularity deciles; none where the holdout has no
        right answer.
    """
    questions = about_holdout(setting)
    if not len(questions):
        return model_pb2.Evaluation()
    facts = ItemFacts.of(setting.tables, setting.train)
    asked = Asked(run, setting.tables, facts.popularity, setting.history_length)
    rows, scores = asked.recommend(questions, max(setting.candidate_count, CUT_OFF))
    plain = Popular(facts.popularity).recommend(questions, CUT_OFF)
    answered = Answered(questions, rows, plain)
    pairs = Pairs.of(setting, questions, rows, scores)
    return model_pb2.Evaluation(
        metrics=[
            *answered.metrics(facts, setting.seed),
            *pairs.metrics(facts.popularity, setting.seed),
        ],
        segments=segments.of(answered, asked, run, setting, facts),
        calibration=calibration.measure(pairs.labels, pairs.scores) if len(pairs.labels) else None,
        popularity_deciles=long_tail.deciles(rows, facts.popularity),
    )


def judged_pairs(run: Runner, setting: Setting, most_users: int) -> tuple[Ints, Floats]:
    """The pairs that the classifier metrics are measured on.

    Args:
        run: Runs a signature of the model.
        setting: What the evaluation is about.
        most_users: Users asked about at most, drawn with the setting's seed.

    Returns:
        Labels, 0 or 1, and the scores of the model, `[n]` each.
    """
    questions = about_holdout(setting)
    questions = segments.some(questions.take(questions.known), most_users, setting.seed)
    if not len(questions):
        return np.zeros(0, np.int32), np.zeros(0, np.float32)
    weight = popularity_of(setting.train, setting.tables.item_count)
    asked = Asked(run, setting.tables, weight, setting.history_length)
    rows, scores = asked.recommend(questions, max(setting.candidate_count, CUT_OFF))
    pairs = Pairs.of(setting, questions, rows, scores)
    return pairs.labels, pairs.scores
