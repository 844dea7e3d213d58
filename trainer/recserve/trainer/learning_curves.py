"""Keeps how learning went, for the manifest."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from recserve.trainer.progress import Progress
from recserve.v1 import model_pb2


class LearningCurves:
    """Hears of progress, keeps the curves of the stages that learn, and passes all of it on.

    Args:
        progress: Who hears of it next.
        clock: Seconds.
    """

    def __init__(self, progress: Progress, clock: Callable[[], float] = time.monotonic) -> None:
        self._progress, self._clock = progress, clock
        self._stage, self._note = "", ""
        self._began, self._is_learning = clock(), False
        self.curves: list[model_pb2.LearningCurve] = []
        """One for each stage that began to learn, in their order."""

    def stage(self, name: str, note: str = "") -> None:
        """A stage begins; it has a curve only once it starts to learn."""
        self._stage, self._note = name, note
        self._began, self._is_learning = self._clock(), False
        self._progress.stage(name, note)

    def start(self, passes: int, steps: int, loss: float) -> None:
        """A curve begins."""
        self._began = self._clock()
        self._curve(passes).start_loss = loss
        self._progress.start(passes, steps, loss)

    def step(self, done: int, loss: float) -> None:
        """Steps are too fine for a curve."""
        self._progress.step(done, loss)

    def epoch(self, number: int, most: int, loss: float, validation: Mapping[str, float]) -> None:
        """The curve goes on by one pass."""
        seconds = round(self._clock() - self._began, 3)
        self._curve(most).passes.add(loss=loss, validation=validation, seconds=seconds)
        self._progress.epoch(number, most, loss, validation)

    def evaluated(self, metrics: Sequence[model_pb2.Metric]) -> None:
        """No matter of learning."""
        self._progress.evaluated(metrics)

    def _curve(self, most: int) -> model_pb2.LearningCurve:
        """The curve of the stage, begun where there is none yet."""
        if not self._is_learning:
            self._is_learning = True
            self.curves.append(
                model_pb2.LearningCurve(stage=self._stage, note=self._note, max_epochs=most)
            )
        return self.curves[-1]
