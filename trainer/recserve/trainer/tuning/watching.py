"""Follows one trial while it learns: stops it at the bound, gives it up where it is hopeless."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import optuna
from optuna.trial import Trial

from recserve.v1 import model_pb2


class OutOfTime(Exception):
    """The time of the search is up."""


class Bound:
    """The moment at which a search ends.

    Args:
        seconds: From now; None for never.
        clock: Seconds.
    """

    def __init__(self, seconds: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = float("inf") if seconds is None else clock() + seconds

    @property
    def left(self) -> float:
        """Seconds left; infinite without a bound."""
        return self._end - self._clock()

    def check(self) -> None:
        """Raises `OutOfTime` if the time is up."""
        if self.left <= 0:
            raise OutOfTime


class Watching:
    """The progress of a trial.

    Args:
        trial: Gets to know what each pass of the first stage that learns has reached.
        bound: When to stop.
        tell: Takes a few words about where the trial is.
    """

    def __init__(self, trial: Trial, bound: Bound, tell: Callable[[str], None]) -> None:
        self._trial, self._bound, self._tell = trial, bound, tell
        self._stage, self._first = "", ""

    def stage(self, name: str, note: str = "") -> None:  # noqa: ARG002  (the protocol's)
        """A stage begins."""
        self._bound.check()
        self._stage = name
        self._tell(name)

    def start(self, passes: int, steps: int, loss: float) -> None:  # noqa: ARG002
        """The first stage that learns is the one that trials are compared by."""
        self._bound.check()
        self._first = self._first or self._stage

    def step(self, done: int, loss: float) -> None:  # noqa: ARG002  (the protocol's)
        """Stops the trial if it is time."""
        self._bound.check()

    def epoch(
        self,
        number: int,
        most: int,
        loss: float,  # noqa: ARG002
        validation: Mapping[str, float],
    ) -> None:
        """Raises `optuna.TrialPruned` if the trial is worse than half of the others were."""
        self._bound.check()
        self._tell(f"{self._stage} {number}/{most}")
        if self._stage != self._first or not validation:
            return
        self._trial.report(next(iter(validation.values())), number)
        if self._trial.should_prune():
            raise optuna.TrialPruned

    def evaluated(self, metrics: Sequence[model_pb2.Metric]) -> None:
        """Nothing."""
