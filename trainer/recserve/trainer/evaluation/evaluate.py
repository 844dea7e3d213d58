"""Evaluates a model, whatever its family."""

from __future__ import annotations

import numpy as np

from recserve.trainer.evaluation import rows, served
from recserve.trainer.evaluation.setting import Runner, Setting
from recserve.v1 import model_pb2


def evaluate(
    family: str, run: Runner, setting: Setting, kind: model_pb2.HoldoutKind
) -> model_pb2.Evaluation:
    """Evaluates a model through its signatures, beside popularity on the same holdout.

    Args:
        family: The model's family.
        run: Runs one of its signatures.
        setting: What the evaluation is about.
        kind: How the holdout was chosen.
    """
    measured = rows.evaluate if family == "pointwise" else served.evaluate
    found: model_pb2.Evaluation = measured(run, setting)
    found.holdout = kind
    found.holdout_event_count = len(setting.holdout)
    found.holdout_user_count = len(np.unique(setting.holdout.user))
    return found
