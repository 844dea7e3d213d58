"""What an evaluation is about, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from recserve.trainer.hyper_parameters import HyperParameters
from recserve.trainer.tables import Events, Tables

Runner = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""Runs one signature on inputs by name."""


@dataclass(frozen=True)
class Setting:
    """What an evaluation is about."""

    tables: Tables
    train: Events
    holdout: Events
    history_length: int
    candidate_count: int
    negatives_per_positive: int
    seed: int

    @classmethod
    def of(cls, tables: Tables, train: Events, holdout: Events, hp: HyperParameters) -> Setting:
        """The setting that hyper-parameters fix."""
        return cls(
            tables,
            train,
            holdout,
            hp.history_length,
            hp.candidate_count,
            hp.negatives_per_positive,
            hp.seed,
        )


@dataclass(frozen=True)
class Outcome:
    """The metrics of a model and of the baseline, and on whom they are measured."""

    model: dict[str, float]
    baseline: dict[str, float]
    known_users: int
    """Users with a history, who get the model's answers."""
    new_users: int
    """Users without one, who get what is popular."""
    known_model: dict[str, float]
    """The ranking metrics of the users with a history alone."""
    known_baseline: dict[str, float]


NOTHING_TO_MEASURE = Outcome({}, {}, 0, 0, {}, {})
"""The outcome of a holdout without a right answer."""
