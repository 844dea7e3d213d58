"""Tells how far a search is: a bar on a terminal, a line for each trial elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Telling(Protocol):
    """Hears of trials."""

    def began(self, number: int, parameters: str, left: float) -> None:
        """Trial `number` begins, with so many seconds left (or infinity)."""

    def moved(self, where: str) -> None:
        """The trial is at a stage or a pass of it."""

    def ended(self, outcome: str) -> None:
        """The trial ended: measured, pruned, failed or stopped."""


class Quiet:
    """Says nothing."""

    def began(self, number: int, parameters: str, left: float) -> None:
        """Nothing."""

    def moved(self, where: str) -> None:
        """Nothing."""

    def ended(self, outcome: str) -> None:
        """Nothing."""


class TrialLines:
    """Writes two lines for each trial."""

    def __init__(
        self, write: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True)
    ) -> None:
        self._write, self._number = write, 0

    def began(self, number: int, parameters: str, left: float) -> None:
        """Writes what is tried."""
        self._number = number
        self._write(f"trial {number}: {parameters}{_left(left)}")

    def moved(self, where: str) -> None:
        """Writes nothing: passes are too many for lines."""

    def ended(self, outcome: str) -> None:
        """Writes what came of it."""
        self._write(f"trial {self._number}: {outcome}")


@contextmanager
def on_stderr() -> Iterator[Telling]:
    """The trial at work below the lines of those before where stderr is a terminal."""
    lines = TrialLines()
    if not sys.stderr.isatty():
        yield lines
        return
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("", spinner="dots") as status:

        class TrialStatus(TrialLines):
            """Shows where the trial is."""

            def moved(self, where: str) -> None:
                """Changes the last line."""
                status.update(f"trial {self._number}: {where}")

        yield TrialStatus(lambda line: console.print(line, markup=False, highlight=False))


def _left(seconds: float) -> str:
    return "" if seconds == float("inf") else f" ({seconds:.0f}s left)"
