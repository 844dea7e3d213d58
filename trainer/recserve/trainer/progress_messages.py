"""Progress as `recserve.v1.TrainingProgress` messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.protobuf import json_format

from recserve.trainer.time_left import TimeLeft
from recserve.v1 import model_pb2, training_pb2


class ProgressMessages:
    """Turns what it hears into messages, as protobuf JSON with the fields' own names.

    Args:
        send: Takes a message.
        note: Takes a stage's name and what it has to say.
        time_left: Estimates the time to the end.
    """

    def __init__(
        self,
        send: Callable[[dict[str, Any]], None],
        note: Callable[[str, str], None] = lambda _stage, _note: None,
        time_left: TimeLeft | None = None,
    ) -> None:
        self._send = send
        self._note = note
        self._left = time_left or TimeLeft()
        self._now = training_pb2.TrainingProgress()
        self._is_evaluated = False

    def stage(self, name: str, note: str = "") -> None:
        """A stage begins; what is known of the version stays."""
        if note:
            self._note(name, note)
        metrics = self._now.holdout_metrics if self._is_evaluated else []
        self._now = training_pb2.TrainingProgress(stage=name, holdout_metrics=metrics)
        self._left.stage(name)
        self._tell()

    def start(self, passes: int, steps: int, loss: float) -> None:
        """Step 0, with the loss of the weights that learning starts from."""
        now = self._now
        now.epoch, now.max_epochs, now.step, now.max_steps, now.loss = 1, passes, 0, steps, loss
        self._left.start(steps)
        self._tell()

    def step(self, done: int, loss: float) -> None:
        """A step, and the pass that it belongs to."""
        now = self._now
        now.step, now.loss = done, loss
        per_pass = max(1, now.max_steps // max(1, now.max_epochs))
        now.epoch = min(now.max_epochs, (done - 1) // per_pass + 1)
        self._left.step(done)
        self._tell()

    def epoch(self, number: int, most: int, loss: float, validation: Mapping[str, float]) -> None:
        """The end of a pass, with what validation measured."""
        now = self._now
        now.epoch, now.max_epochs, now.loss = number, most, loss
        now.step = now.max_steps * number // most
        del now.holdout_metrics[:]
        for name, value in validation.items():
            now.holdout_metrics.add(name=name, value=value)
        self._left.step(now.step)
        self._tell()

    def evaluated(self, metrics: Sequence[model_pb2.Metric]) -> None:
        """The metrics of the version."""
        self._is_evaluated = True
        del self._now.holdout_metrics[:]
        self._now.holdout_metrics.extend(metrics)
        self._tell()

    def _tell(self) -> None:
        seconds = self._left.seconds
        if seconds is None:
            self._now.ClearField("seconds_left")
        else:
            self._now.seconds_left = seconds
        self._send(json_format.MessageToDict(self._now, preserving_proto_field_name=True))
