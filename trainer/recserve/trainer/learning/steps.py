"""Tells of the batches of a stage while it learns."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from recserve.trainer.progress import Progress

SECONDS_BETWEEN = 0.2
# Batches that the loss at the start of a stage is measured on.
FIRST_BATCHES = 8


class Steps:
    """Counts the batches of one stage over all its passes, and tells of some.

    A loss becomes a number only when it is told: that waits for the device.

    Args:
        progress: Hears of them.
        passes: Passes at most.
        per_pass: Batches of one pass.
        clock: Seconds.
    """

    def __init__(
        self,
        progress: Progress,
        passes: int,
        per_pass: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._progress, self._clock = progress, clock
        self._passes, self._most = passes, passes * per_pass
        self._done, self._told = 0, clock()

    def start(self, loss: float) -> None:
        """Nothing is learned yet; the weights that learning starts from have this loss."""
        self._progress.start(self._passes, self._most, loss)

    def done(self, loss: Any) -> None:
        """One more batch is learned, at this loss, a scalar."""
        self._done += 1
        now = self._clock()
        if now - self._told >= SECONDS_BETWEEN:
            self._told = now
            self._progress.step(self._done, float(loss))
