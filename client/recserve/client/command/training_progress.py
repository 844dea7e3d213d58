"""Shows how far a training run is: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from recserve.client import TrainingProgress, TrainingRunStatus


def shown(statuses: "Iterable[TrainingRunStatus]") -> "TrainingRunStatus | None":
    """Show each status on stderr; return the last one."""
    last = None
    with _bars() if sys.stderr.isatty() else _lines() as show:
        for last in statuses:
            if last.progress is not None:
                show(last.progress)
    return last


@contextmanager
def _lines() -> Iterator[Any]:
    """One line for each stage when it begins, and for each pass when it has ended."""
    stage, last = "", None

    def end_pass() -> None:
        nonlocal last
        if last is not None:
            passes = f"epoch {last.epoch}/{last.max_epochs}"
            click.echo(f"{last.stage}: {', '.join([passes, *_facts(last)])}", err=True)
        last = None

    def show(progress: "TrainingProgress") -> None:
        nonlocal stage, last
        if last is not None and (last.stage, last.epoch) != (progress.stage, progress.epoch):
            if last.stage == progress.stage:  # what is known now was measured when that one ended
                last = replace(last, metrics=progress.metrics)
            end_pass()
        if progress.stage != stage:
            stage = progress.stage
            click.echo(stage, err=True)
        if progress.epoch:
            last = progress

    yield show
    end_pass()


@contextmanager
def _bars() -> Iterator[Any]:
    """One bar for each stage."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.table import Column

    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<10}"),
        BarColumn(bar_width=12),
        TimeElapsedColumn(table_column=Column(min_width=7, no_wrap=True)),
        TextColumn("{task.fields[note]}", table_column=Column(ratio=1, no_wrap=True)),
        console=Console(stderr=True),
    )
    stage, task = "", None

    def finish() -> None:
        if task is not None:  # early stopping ends a stage before its most steps
            done = bars.tasks[task].completed or 1
            bars.update(task, total=done, completed=done)

    def show(progress: "TrainingProgress") -> None:
        nonlocal stage, task
        if task is None or progress.stage != stage:
            finish()
            stage, task = progress.stage, bars.add_task(progress.stage, total=None, note="")
        epoch = [f"{progress.epoch}/{progress.max_epochs}"] if progress.epoch else []
        bars.update(
            task,
            total=progress.max_steps or None,
            completed=progress.step,
            note=", ".join([*epoch, *_facts(progress)]),
        )

    with bars:
        yield show
        finish()


def _facts(progress: "TrainingProgress") -> Iterator[str]:
    if progress.loss is not None:
        yield f"loss {progress.loss:.4f}"
    validated = [metric for metric in progress.metrics if metric.name.startswith("validation")]
    yield from (f"{_words(metric.name)} {metric.value:.4f}" for metric in validated)
    if progress.seconds_left is not None:
        yield f"at most {progress.seconds_left:.0f} s left"


def _words(name: str) -> str:
    return name.replace("_", " ")
