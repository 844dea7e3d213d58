"""Tells how far a fit is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from recserve.trainer.time_left import TimeLeft

if TYPE_CHECKING:
    from rich.progress import TaskID

    from recserve.v1 import model_pb2


class Progress(Protocol):
    """Hears of stages, passes and steps."""

    def stage(self, name: str, note: str = "") -> None:
        """A stage begins: "read", "clean", "features", "retrieval", "ranking", …."""

    def start(self, passes: int, steps: int, loss: float) -> None:
        """The stage begins to learn: its most passes and steps, and the loss it starts from."""

    def step(self, done: int, loss: float) -> None:
        """So many steps are done, over all passes of the stage; the last had this loss."""

    def epoch(self, number: int, most: int, loss: float, validation: Mapping[str, float]) -> None:
        """A pass of the stage ended, with its loss and, by name, what validation measured."""

    def evaluated(self, metrics: Sequence[model_pb2.Metric]) -> None:
        """The version is evaluated."""


class Silent:
    """Says nothing."""

    def stage(self, name: str, note: str = "") -> None:
        """Nothing."""

    def start(self, passes: int, steps: int, loss: float) -> None:
        """Nothing."""

    def step(self, done: int, loss: float) -> None:
        """Nothing."""

    def epoch(self, number: int, most: int, loss: float, validation: Mapping[str, float]) -> None:
        """Nothing."""

    def evaluated(self, metrics: Sequence[model_pb2.Metric]) -> None:
        """Nothing."""


class Lines:
    """Writes one line for each stage, start and pass."""

    def __init__(
        self,
        write: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._clock = clock
        self._began = clock()
        self._left = TimeLeft(clock)
        self._stage = ""
        self._steps = 0

    def stage(self, name: str, note: str = "") -> None:
        """Writes the stage's name."""
        self._stage = name
        self._left.stage(name)
        self._line(name + (f": {note}" if note else ""))

    def start(self, passes: int, steps: int, loss: float) -> None:
        """Writes the loss."""
        self._steps = steps
        self._left.start(steps)
        self._line(f"{self._stage}: at most {passes} epochs, from loss {loss:.4f}")

    def step(self, done: int, loss: float) -> None:  # noqa: ARG002  (the protocol's)
        """Writes nothing: steps are too many for lines."""
        self._left.step(done)

    def epoch(self, number: int, most: int, loss: float, validation: Mapping[str, float]) -> None:
        """Writes the pass, with the longest time that the run can still take."""
        self._left.step(self._steps * number // most)
        told = f"{self._stage}: epoch {number}/{most}, {_result(loss, validation)}"
        self._line(told + _at_most(self._left.seconds))

    def evaluated(self, metrics: Sequence[model_pb2.Metric]) -> None:
        """Nothing: a table follows."""

    def _line(self, text: str) -> None:
        self._write(f"[{self._clock() - self._began:6.1f}s] {text}")


class Bars:
    """Draws one bar for each stage, with rich, on a terminal."""

    def __init__(self, terminal: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress
        from rich.table import Column

        self.bars = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description:<10}"),
            BarColumn(bar_width=12),
            TimeElapsedColumn(table_column=Column(min_width=7, no_wrap=True)),
            TextColumn("{task.fields[note]}", table_column=Column(ratio=1, no_wrap=True)),
            console=Console(file=terminal, force_terminal=True),
        )
        self._task: TaskID | None = None
        self._left = TimeLeft()
        self._passes = self._pass = 0
        self._validation: Mapping[str, float] = {}

    def stage(self, name: str, note: str = "") -> None:
        """Ends the bar before and begins one of unknown length."""
        self.finish()
        self._left.stage(name)
        self._task = self.bars.add_task(name, total=None, note=note)

    def start(self, passes: int, steps: int, loss: float) -> None:
        """Gives the bar its length."""
        self._left.start(steps)
        self._passes, self._pass, self._validation = passes, 1, {}
        if self._task is not None:
            self.bars.update(self._task, total=steps)
        self._move(0, loss)

    def step(self, done: int, loss: float) -> None:
        """Moves the bar."""
        self._move(done, loss)

    def epoch(self, number: int, most: int, loss: float, validation: Mapping[str, float]) -> None:
        """Moves the bar to the end of the pass."""
        self._pass, self._validation = number, validation
        if self._task is not None:
            self._move(int(self.bars.tasks[self._task].total or 0) * number // most, loss)
        self._pass = min(number + 1, most)

    def evaluated(self, metrics: Sequence[model_pb2.Metric]) -> None:
        """Nothing: a table follows."""

    def finish(self) -> None:
        """Fills the last bar: early stopping ends a stage before its most passes."""
        if self._task is not None:
            task = self.bars.tasks[self._task]
            done = task.completed or 1
            self.bars.update(self._task, total=done, completed=done)

    def _move(self, done: int, loss: float) -> None:
        if self._task is None:
            return
        self._left.step(done)
        seconds = self._left.seconds
        left = "" if seconds is None else f"{seconds:.0f}s left, "
        note = f"{self._pass}/{self._passes}, {left}{_result(loss, self._validation)}"
        self.bars.update(self._task, completed=done, note=note)


def _at_most(seconds: float | None) -> str:
    return "" if seconds is None else f", at most {seconds:.0f}s left"


def _result(loss: float, validation: Mapping[str, float]) -> str:
    measured = (f", {name.replace('_', ' ')} {value:.4f}" for name, value in validation.items())
    return f"loss {loss:.4f}" + "".join(measured)


@contextmanager
def on_stderr() -> Iterator[Progress]:
    """Bars where stderr is a terminal, lines elsewhere."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    # A descriptor of its own: while TensorFlow starts, native messages are hidden by sending
    # descriptor 2 elsewhere.
    with os.fdopen(os.dup(2), "w") as terminal:
        bars = Bars(terminal)
        with bars.bars:
            yield bars
            bars.finish()
