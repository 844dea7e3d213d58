"""Estimates how long a run still takes."""

from __future__ import annotations

import time
from collections.abc import Callable

# What comes after a stage that learns, as a share of that stage, where no stage stops early.
# Keyed by the stages that have learned so far. Measured on MovieLens and on flat files.
LATER = {
    ("retrieval",): 0.25,
    ("retrieval", "ranking"): 0.6,
    ("retrieval", "ranking", "retrieval"): 1.0,
    ("ranking",): 0.3,
}


class TimeLeft:
    """The time to the end of a run, by the pace of the stage at work.

    An upper bound, roughly: early stopping ends stages before their last step.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._learned: tuple[str, ...] = ()
        self._stage = ""
        self._began = 0.0
        self._most = self._done = 0

    def stage(self, name: str) -> None:
        """A stage begins."""
        self._stage, self._most, self._done = name, 0, 0

    def start(self, steps: int) -> None:
        """The stage begins to learn, in at most so many steps."""
        self._learned += (self._stage,)
        self._began, self._most, self._done = self._clock(), steps, 0

    def step(self, done: int) -> None:
        """So many steps of the stage are done."""
        self._done = done

    @property
    def seconds(self) -> float | None:
        """Seconds to the end of the run; None where there is no pace to go by."""
        if not self._done or self._learned not in LATER:
            return None
        whole = (self._clock() - self._began) * self._most / self._done
        return whole * ((self._most - self._done) / self._most + LATER[self._learned])
