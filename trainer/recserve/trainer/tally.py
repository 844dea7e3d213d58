"""Tells how many of so many are done: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

SECONDS_BETWEEN = 5.0


class Tally(Protocol):
    """Hears of tasks of known length, one after the other."""

    def begin(self, name: str, total: int) -> None:
        """A task begins."""

    def done(self, count: int) -> None:
        """So many more are done."""


class NoTally:
    """Says nothing."""

    def begin(self, name: str, total: int) -> None:
        """Nothing."""

    def done(self, count: int) -> None:
        """Nothing."""


class TallyLines:
    """Writes a line when a task begins and ends, and every few seconds between."""

    def __init__(
        self,
        write: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write, self._clock = write, clock
        self._name, self._total, self._count, self._told = "", 0, 0, 0.0

    def begin(self, name: str, total: int) -> None:
        """Writes the name and the total."""
        self._name, self._total, self._count, self._told = name, total, 0, self._clock()
        self._write(f"{name}: {total:,}")

    def done(self, count: int) -> None:
        """Writes how far it is, if it is time."""
        self._count += count
        if self._clock() - self._told >= SECONDS_BETWEEN:
            self._told = self._clock()
            self._write(f"{self._name}: {self._count:,} of {self._total:,}")


@contextmanager
def on_stderr() -> Iterator[Tally]:
    """A bar where stderr is a terminal, lines elsewhere."""
    if not sys.stderr.isatty():
        yield TallyLines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), Left())
    with Progress(*columns, console=Console(stderr=True)) as bars:

        class TallyBars:
            """One bar for each task."""

            def begin(self, name: str, total: int) -> None:
                """A bar of this length."""
                self._task = bars.add_task(name, total=total)

            def done(self, count: int) -> None:
                """Moves it."""
                bars.advance(self._task, count)

        yield TallyBars()
