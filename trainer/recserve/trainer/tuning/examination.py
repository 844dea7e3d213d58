"""Trains with given hyper-parameters and measures on validation events, never on the holdout."""

from __future__ import annotations

import gc
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from recserve.trainer import family as families
from recserve.trainer import quiet_tensorflow
from recserve.trainer.evaluation.evaluate import evaluate
from recserve.trainer.evaluation.setting import Setting
from recserve.trainer.family import Family
from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.progress import Progress
from recserve.trainer.split import split
from recserve.trainer.tables import Events, Tables
from recserve.v1 import model_pb2, schema_pb2

OBJECTIVES: Mapping[Family, str] = {"two_stage": "ndcg@10", "pointwise": "log_loss"}


@dataclass(frozen=True)
class Examination:
    """One split of the training events, on which all hyper-parameters are examined.

    The training events of a fit are split once more by the rule of its holdout.
    """

    family: Family
    schema: schema_pb2.Schema
    tables: Tables
    train: Events
    validation: Events
    kind: model_pb2.HoldoutKind
    """How `validation` was chosen."""

    @classmethod
    def of(
        cls,
        family: Family,
        schema: schema_pb2.Schema,
        tables: Tables,
        train: Events,
        hp: HyperParameters,
    ) -> Examination:
        """Splits the training events of a fit.

        Args:
            family: Of the models.
            schema: What the data means.
            tables: The data; of its events only `train` is used.
            train: The events that are not held out.
            hp: For `holdout_share` and `seed`.
        """
        parts = split(
            train, hp.holdout_share, clock=tables.clock, ordered=tables.ordered, seed=hp.seed
        )
        # The holdout is left behind, and the order of the items goes by what is learned from.
        known = replace(tables, events=train).most_popular_first(train.take(~parts.holdout))
        learned, asked = known.events.take(~parts.holdout), known.events.take(parts.holdout)
        return cls(family, schema, known, learned, asked, parts.kind)

    @property
    def objective(self) -> str:
        """The metric that decides."""
        return OBJECTIVES[self.family]

    @property
    def maximised(self) -> bool:
        """Whether more of it is better."""
        return self.objective != "log_loss"

    def measure(self, hp: HyperParameters, progress: Progress, check: Callable[[], None]) -> float:
        """Trains from the beginning, and measures.

        Args:
            hp: All hyper-parameters.
            progress: Hears of it; what it raises stops it.
            check: Called before each batch of the evaluation; what it raises stops it.

        Returns:
            The objective; NaN where nothing could be measured.
        """
        import keras

        quiet_tensorflow.seed(hp.seed)
        # Every trial has functions of its own: TensorFlow would warn of tracing anew.
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
        learn = families.learner(self.family)
        try:
            trained = learn(self.tables, self.train, self.schema, hp, None, progress)
            progress.stage("evaluate")

            def run(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
                check()
                return trained.endpoints.run(name, inputs)

            setting = Setting.of(self.tables, self.train, self.validation, hp)
            found = evaluate(self.family, run, setting, self.kind).metrics
            return next((each.value for each in found if each.name == self.objective), math.nan)
        finally:
            keras.backend.clear_session()
            gc.collect()
