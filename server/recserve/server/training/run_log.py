"""What a training run said while it was at work, in lines that are kept with it."""

import time
from collections.abc import Callable
from typing import Any

MAX_ENTRIES = 500
"""Of one run. It travels with every report, so it must stay small; later lines are left out."""
MAX_TEXT_CHARACTERS = 1000


class RunLog:
    """Makes a few lines of the many messages of a run: stages, passes, notes.

    Args:
        clock: Gives seconds since the Unix epoch.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._last: dict[str, Any] = {}
        self._lines: list[dict[str, Any]] = []

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines so far, oldest first: `time` in seconds since 1970, `stage`, `text`."""
        return self._lines

    def progress(self, progress: dict[str, Any]) -> None:
        """Take a `TrainingProgress` in JSON: a line where a stage begins or a pass ends."""
        same_stage = progress["stage"] == self._last.get("stage")
        if not same_stage or progress.get("epoch") != self._last.get("epoch"):
            self._end_pass()
        if not same_stage:
            self.note(progress["stage"], "begins")
        self._last = progress

    def note(self, stage: str, text: str) -> None:
        """Add a line."""
        if len(self._lines) == MAX_ENTRIES:
            self._lines[-1] = self._line(stage, "further lines are left out")
        if len(self._lines) < MAX_ENTRIES:
            self._lines.append(self._line(stage, text))

    def end(self, text: str) -> None:
        """Add the last line."""
        self._end_pass()
        self._last = {"stage": self._last.get("stage", "")}
        self.note(self._last["stage"], text)

    def _end_pass(self) -> None:
        if not self._last.get("epoch"):
            return
        facts = []
        if "loss" in self._last:  # a string where it is not a number
            facts.append(f"loss {float(self._last['loss']):.4f}")
        facts += [
            f"{metric['name']} {float(metric.get('value', 0.0)):.4f}"
            for metric in self._last.get("holdout_metrics", ())
        ]
        passes = f"epoch {self._last['epoch']}/{self._last.get('max_epochs', '?')}"
        self.note(self._last["stage"], ", ".join([passes, *facts]))

    def _line(self, stage: str, text: str) -> dict[str, Any]:
        return {"time": self._clock(), "stage": stage, "text": text[:MAX_TEXT_CHARACTERS]}
