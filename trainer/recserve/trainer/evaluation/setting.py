"""What an evaluation is about."""

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
