"""Evaluates a pointwise model on held-out rows."""

from __future__ import annotations

import numpy as np

from recserve.trainer.evaluation import calibration, classification, popularity
from recserve.trainer.evaluation.inputs import feature_inputs, item_inputs
from recserve.trainer.evaluation.setting import Runner, Setting
from recserve.trainer.tables import Events, Floats
from recserve.trainer.tables import popularity as popularity_of
from recserve.v1 import model_pb2

BATCH = 4096


def evaluate(run: Runner, setting: Setting) -> model_pb2.Evaluation:
    """Scores each held-out row with its own features, beside its item's share of positives.

    Returns:
        Metrics and calibration; none where nothing is held out.
    """
    train, holdout = setting.train, setting.holdout
    if not len(holdout):
        return model_pb2.Evaluation()
    labels = holdout.positive.astype(np.int32)
    rates = popularity.smoothed_rates(
        train.item, train.positive.astype(np.int32), setting.tables.item_count
    )
    found, beside = scores(run, setting, holdout), rates[holdout.item]
    return model_pb2.Evaluation(
        metrics=classification.compared(labels, found, beside, holdout.user, setting.seed),
        calibration=calibration.measure(labels, found),
    )


def scores(run: Runner, setting: Setting, events: Events) -> Floats:
    """The score of each event's pair, float32 `[n]`."""
    tables, length = setting.tables, setting.history_length
    weight = popularity_of(setting.train, tables.item_count)
    items = run("encode_items", item_inputs(tables, weight))
    parts = []
    for start in range(0, len(events), BATCH):
        part = events.take(np.arange(start, min(start + BATCH, len(events))))
        empty = np.full((len(part), length), -1, np.int32)
        missing = np.full(empty.shape, np.nan, np.float32)
        answer = run(
            "score",
            {
                "history_rows": empty,
                "history_types": empty,
                "history_values": missing,
                "history_ages": missing,
                **feature_inputs("user", tables.user_features.take(part.user)),
                **feature_inputs("context", part.context),
                **items,
                "candidate_rows": part.item[:, None],
                "candidate_features": part.candidate[:, None, :],
            },
        )
        parts.append(np.asarray(answer["scores"])[:, 0])
    return np.concatenate(parts)
