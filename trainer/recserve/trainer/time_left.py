"""Estimates how long a run still takes."""

from __future__ import annotations

import time
from collections.abc import Callable

# What comes after a stage that learns, as a share of that stage, where no stage stops early.
# Keyed by the stages that have learned so far. Measured on MovieLens and on flat files.
LATER = {
    ("retrieval",): 0.2,
    ("retrieval", "ranking"): 0.5,
    ("retrieval", "ranking", "retrieval"): 0.5,
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
        self._most = self._first = self._done = 0
        self._first_time = 0.0

    def stage(self, name: str) -> None:
        """A stage begins."""
        self._stage = name
        self._most = self._first = self._done = 0

    def start(self, steps: int) -> None:
        """The stage begins to learn, in at most so many steps."""
        self._learned += (self._stage,)
        self._most, self._first, self._done = steps, 0, 0

    def step(self, done: int) -> None:
        """So many steps of the stage are done."""
        # The first step takes longer: TensorFlow traces. The pace is counted from behind it.
        if not self._first:
            self._first, self._first_time = done, self._clock()
        self._done = done

    @property
    def seconds(self) -> float | None:
        """Seconds to the end of the run; None where there is no pace to go by."""
        if self._done <= self._first or self._learned not in LATER:
            return None
        pace = (self._clock() - self._first_time) / (self._done - self._first)
        return pace * (self._most - self._done + LATER[self._learned] * self._most)
