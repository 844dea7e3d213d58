"""The result of an evaluation, whatever the family of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recserve.trainer.evaluation import rows, served
from recserve.trainer.evaluation.setting import Outcome, Runner, Setting
from recserve.trainer.tables import Events
from recserve.v1 import model_pb2

__all__ = ["Report", "Setting", "evaluate"]


@dataclass(frozen=True)
class Report:
    """Metrics beside the baseline's."""

    outcome: Outcome

    def to_message(self, kind: model_pb2.HoldoutKind, holdout: Events) -> model_pb2.Evaluation:
        """The part of a manifest."""
        return model_pb2.Evaluation(
            holdout=kind,
            holdout_event_count=len(holdout),
            holdout_user_count=len(np.unique(holdout.user)),
            metrics=_metrics(self.outcome.model, self.outcome.baseline),
        )


def evaluate(family: str, run: Runner, setting: Setting) -> Report:
    """Evaluates a model through its signatures."""
    return Report((rows if family == "pointwise" else served).evaluate(run, setting))


def _metrics(model: Mapping[str, float], baseline: Mapping[str, float]) -> list[model_pb2.Metric]:
    return [
        model_pb2.Metric(name=name, value=value, baseline=baseline.get(name))
        for name, value in model.items()
    ]
