"""Tells how far a fit is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import TaskID


class Progress(Protocol):
    """Hears of stages and passes."""

    def stage(self, name: str, note: str = "") -> None:
        """A stage begins: "read", "clean", "features", "retrieval", "ranking", …."""

    def epoch(self, number: int, most: int, loss: float, **validation: float) -> None:
        """A pass of the stage ended, with its loss and, by name, what validation measured."""


class Silent:
    """Says nothing."""

    def stage(self, name: str, note: str = "") -> None:
        """Nothing."""

    def epoch(self, number: int, most: int, loss: float, **validation: float) -> None:
        """Nothing."""


class Lines:
    """Writes one line for each stage and pass."""

    def __init__(
        self,
        write: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._clock = clock
        self._began = self._stage_began = clock()
        self._stage = ""

    def stage(self, name: str, note: str = "") -> None:
        """Writes the stage's name."""
        self._stage, self._stage_began = name, self._clock()
        self._write(f"[{self._clock() - self._began:6.1f}s] {name}" + (f": {note}" if note else ""))

    def epoch(self, number: int, most: int, loss: float, **validation: float) -> None:
        """Writes the pass, with the longest time that the stage can still take."""
        left = (self._clock() - self._stage_began) / number * (most - number)
        self._write(
            f"[{self._clock() - self._began:6.1f}s] {self._stage}: epoch {number}/{most}, "
            f"{_result(loss, validation)}, at most {left:.0f}s left"
        )


class Bars:
    """Draws one bar for each stage, with rich."""

    def __init__(self) -> None:
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
            # A descriptor of its own: while TensorFlow starts, native messages are hidden by
            # sending descriptor 2 elsewhere.
            console=Console(file=os.fdopen(os.dup(2), "w"), force_terminal=True),
        )
        self._task: TaskID | None = None

    def stage(self, name: str, note: str = "") -> None:
        """Ends the bar before and begins one of unknown length."""
        self.finish()
        self._task = self.bars.add_task(name, total=None, note=note)

    def epoch(self, number: int, most: int, loss: float, **validation: float) -> None:
        """Moves the bar."""
        if self._task is not None:
            elapsed = self.bars.tasks[self._task].elapsed or 0.0
            left = elapsed / number * (most - number)
            note = f"{number}/{most}, {left:.0f}s left, {_result(loss, validation)}"
            self.bars.update(self._task, total=most, completed=number, note=note)

    def finish(self) -> None:
        """Fills the last bar: early stopping ends a stage before its most passes."""
        if self._task is not None:
            task = self.bars.tasks[self._task]
            done = task.completed or 1
            self.bars.update(self._task, total=done, completed=done)


def _result(loss: float, validation: dict[str, float]) -> str:
    measured = (f", {name.replace('_', ' ')} {value:.4f}" for name, value in validation.items())
    return f"loss {loss:.4f}" + "".join(measured)


@contextmanager
def on_stderr() -> Iterator[Progress]:
    """Bars where stderr is a terminal, lines elsewhere."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    bars = Bars()
    with bars.bars:
        yield bars
        bars.finish()
