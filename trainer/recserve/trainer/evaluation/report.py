"""The result of an evaluation, whatever the family of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    stable: Mapping[str, float] = field(default_factory=dict)
    """The metrics of the version that was stable, on the same holdout."""
    stable_version: int = 0
    """That version; 0 for none."""

    def to_message(self, kind: model_pb2.HoldoutKind, holdout: Events) -> model_pb2.Evaluation:
        """The part of a manifest."""
        return model_pb2.Evaluation(
            holdout=kind,
            holdout_event_count=len(holdout),
            holdout_user_count=len(np.unique(holdout.user)),
            metrics=self.metrics(),
            stable_version=self.stable_version,
        )

    def metrics(self) -> list[model_pb2.Metric]:
        """Each metric, with what it is to be compared with."""
        baseline = self.outcome.baseline
        return [
            model_pb2.Metric(
                name=name, value=value, baseline=baseline.get(name), stable=self.stable.get(name)
            )
            for name, value in self.outcome.model.items()
        ]


def evaluate(family: str, run: Runner, setting: Setting) -> Report:
    """Evaluates a model through its signatures."""
    return Report((rows if family == "pointwise" else served).evaluate(run, setting))
