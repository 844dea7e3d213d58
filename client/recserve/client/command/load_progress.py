"""Shows how far a load is: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from recserve.client.load.generator import Step, Watcher


@contextmanager
def load_watcher(warm_up: float, duration: float) -> "Iterator[Watcher]":
    """What shows on stderr how far the generator is.

    Args:
        warm_up: Seconds of each step that are not measured.
        duration: Seconds of each step that are.
    """
    if not sys.stderr.isatty():
        yield _Lines(warm_up, duration)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    bars = Progress(
        TextColumn("{task.description:<16}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[note]}", table_column=Column(ratio=1, no_wrap=True)),
        console=Console(stderr=True),
        refresh_per_second=4,  # drawing takes time of the process that measures
    )
    with bars:
        yield _Bars(bars, warm_up + duration)


class _Lines:
    """A line when a step begins, and one when it has ended."""

    def __init__(self, warm_up: float, duration: float) -> None:
        self._times = f"{warm_up:g} s to warm up, then {duration:g} s"

    def begin(self, step: "Step") -> None:
        click.echo(f"{step.load}: {self._times}", err=True)

    def tick(self, step: "Step", now: float) -> None:
        """Nothing; there is no terminal."""

    def end(self, step: "Step") -> None:
        click.echo(f"{step.load}: {_note(step, step.recorder.end)}", err=True)


class _Bars:
    """One bar for each step."""

    def __init__(self, bars: Any, seconds: float) -> None:
        self._bars = bars
        self._seconds = seconds
        self._task: Any = None

    def begin(self, step: "Step") -> None:
        self._task = self._bars.add_task(str(step.load), total=self._seconds, note="")

    def tick(self, step: "Step", now: float) -> None:
        done = self._seconds - max(step.recorder.end - now, 0.0)
        note = _note(step, now) if now > step.recorder.start else "warming up"
        self._bars.update(self._task, completed=done, note=note)

    def end(self, step: "Step") -> None:
        note = _note(step, step.recorder.end)
        self._bars.update(self._task, completed=self._seconds, note=note)


def _note(step: "Step", now: float) -> str:
    recorder = step.recorder
    seconds = min(now, recorder.end) - recorder.start
    note = f"{recorder.answered / seconds:,.0f} OK/s" if seconds > 0 else ""
    failed = recorder.calls - len(recorder.latencies)
    return f"{note}, {failed:,} failed" if failed else note
