"""Evaluates a two-stage model as a server would use it."""

from __future__ import annotations

from typing import Any

import numpy as np

from recserve.trainer.evaluation import classification, popularity, ranking
from recserve.trainer.evaluation.setting import NOTHING_TO_MEASURE, Outcome, Runner, Setting
from recserve.trainer.histories import Histories
from recserve.trainer.tables import FeatureTable, Floats, Ints, Tables
from recserve.trainer.tables import popularity as popularity_of

BATCH = 128


def evaluate(run: Runner, setting: Setting) -> Outcome:
    """Ranks the whole catalogue for every user with held-out positives.

    A user is asked about at the time of the first held-out event, with the history of the
    training events; the training items are excluded. Right answers are the held-out
    positive items that are not among them.
    """
    tables, train = setting.tables, setting.train
    relevant, users, firsts = _questions(setting)
    if not len(users):
        return NOTHING_TO_MEASURE
    weight = popularity_of(train, tables.item_count)
    histories = Histories(train, tables.user_count, setting.history_length, clock=tables.clock)
    excluded = histories.items_of_users(users)
    baseline = popularity.recommend(weight, excluded, ranking.CUT_OFF)
    known = np.isin(users, train.user)
    rows = np.full((len(users), max(setting.candidate_count, ranking.CUT_OFF)), -1, np.int32)
    rows[:, : ranking.CUT_OFF] = baseline
    scores = np.zeros(rows.shape, np.float32)
    if known.any():
        asked = (histories, users[known], firsts[known], excluded[known])
        rows[known], scores[known] = _recommend(run, setting, weight, *asked)
    pairs = _pairs(setting, users[known], rows[known], scores[known], relevant)
    model_pairs, baseline_pairs = _judge_pairs(*pairs, weight)
    return Outcome(
        ranking.metrics(users, rows, relevant) | model_pairs,
        ranking.metrics(users, baseline, relevant) | baseline_pairs,
        int(known.sum()),
        int((~known).sum()),
        ranking.metrics(users[known], rows[known], relevant) if known.any() else {},
        ranking.metrics(users[known], baseline[known], relevant) if known.any() else {},
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
    relevant, users, firsts = _questions(setting)
    known = np.flatnonzero(np.isin(users, setting.train.user))
    rng = np.random.default_rng(setting.seed)
    drawn = np.sort(rng.permutation(known)[:most_users])
    if not len(drawn):
        return np.zeros(0, np.int32), np.zeros(0, np.float32)
    tables, users = setting.tables, users[drawn]
    weight = popularity_of(setting.train, tables.item_count)
    histories = Histories(
        setting.train, tables.user_count, setting.history_length, clock=tables.clock
    )
    asked = (histories, users, firsts[drawn], histories.items_of_users(users))
    rows, scores = _recommend(run, setting, weight, *asked)
    labels, _, judged = _pairs(setting, users, rows, scores, relevant)
    return labels, judged


def _questions(setting: Setting) -> tuple[ranking.Relevant, Ints, Ints]:
    """The right answers, the users who have some, and each one's first held-out event."""
    holdout, count = setting.holdout, setting.tables.item_count
    had = setting.train.user.astype(np.int64) * count + setting.train.item
    keys = holdout.user.astype(np.int64) * count + holdout.item
    right = holdout.positive & ~np.isin(keys, had)
    relevant = ranking.Relevant.of(holdout.user[right], holdout.item[right], count)
    users = np.unique(holdout.user[right])
    return relevant, users, np.searchsorted(holdout.user, users)


def _recommend(
    run: Runner,
    setting: Setting,
    weight: Floats,
    histories: Histories,
    users: Ints,
    firsts: Ints,
    excluded: Ints,
) -> tuple[Ints, Floats]:
    tables, holdout = setting.tables, setting.holdout
    items = run("encode_items", item_inputs(tables, weight))
    wanted = max(setting.candidate_count, ranking.CUT_OFF)
    rows, scores = [], []
    for start in range(0, len(users), BATCH):
        part = slice(start, start + BATCH)
        block = histories.of_users(users[part], holdout.time[firsts[part]])
        answer = run(
            "recommend",
            {
                "history_rows": block.rows,
                "history_types": block.types,
                "history_values": block.values,
                "history_ages": block.ages,
                **feature_inputs("user", tables.user_features.take(users[part])),
                **feature_inputs("context", holdout.context.take(firsts[part])),
                **items,
                "available": np.ones(tables.item_count, dtype=bool),
                "excluded_rows": excluded[part],
                "result_count": np.int32(wanted),
            },
        )
        rows.append(np.asarray(answer["rows"]))
        scores.append(np.asarray(answer["scores"]))
    return np.concatenate(rows), np.concatenate(scores)


def item_inputs(tables: Tables, weight: Floats) -> dict[str, Any]:
    """The inputs of `encode_items` for the whole catalogue."""
    return {
        "item_ids": tables.item_ids,
        "item_popularity": weight,
        **feature_inputs("item", tables.item_features),
    }


def feature_inputs(prefix: str, table: FeatureTable) -> dict[str, Any]:
    """Features as the inputs of a signature."""
    return {
        f"{prefix}_numeric": table.numeric,
        f"{prefix}_categorical": table.categorical,
        f"{prefix}_multi_valued": table.multi_valued,
    }


def _pairs(
    setting: Setting, users: Ints, rows: Ints, scores: Floats, relevant: ranking.Relevant
) -> tuple[Ints, Ints, Floats]:
    """Labels, items and scores of offered pairs: each right one, and sampled wrong ones."""
    rng = np.random.default_rng(setting.seed)
    right = relevant.hits(users, rows)
    wanted = right.sum(axis=1) * setting.negatives_per_positive
    noise = np.where((rows >= 0) & ~right, rng.random(rows.shape), 2.0)
    order = noise.argsort(axis=1).argsort(axis=1)
    chosen = right | ((order < wanted[:, None]) & (noise < 2.0))
    return right[chosen].astype(np.int32), rows[chosen], scores[chosen]


def _judge_pairs(
    labels: Ints, items: Ints, scores: Floats, weight: Floats
) -> tuple[dict[str, float], dict[str, float]]:
    if not 0 < labels.sum() < len(labels):
        return {}, {}
    baseline = classification.calibrated(np.log1p(weight[items]), labels)
    return classification.metrics(labels, scores), classification.metrics(labels, baseline)
