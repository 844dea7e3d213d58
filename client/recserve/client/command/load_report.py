"""Prints what a load showed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from recserve.client.command.output import print_table

if TYPE_CHECKING:
    from recserve.client.load.loads import Load
    from recserve.client.load.report import BenchReport, StepReport

_BUSY_CORES = 0.85


def print_report(report: "BenchReport") -> None:
    """Prints a table of rates and latencies, and one of outcomes."""
    loads = [_load(step) for step in report.steps]
    click.echo(f"{report.method} on {report.server}; latency of the OK answers in ms.")
    columns = ["load!", "calls>", "OK/s>", "p50>", "p90>", "p99>", "p99.9>", "max>"]
    print_table(columns, map(_figures, map(str, loads), report.steps))
    print_table(
        ["load!", "outcome", "calls>", "share>"],
        [
            (str(load), outcome, f"{count:,}", f"{count / step.calls:.2%}")
            for load, step in zip(loads, report.steps, strict=True)
            for outcome, count in _outcomes(step)
        ],
    )
    for load, step in zip(loads, report.steps, strict=True):
        for note in _notes(step):
            click.echo(f"{load}: {note}")


def _load(step: "StepReport") -> "Load":
    from recserve.client.load.loads import ClosedLoad, OpenLoad

    if step.in_flight is not None:
        return ClosedLoad(step.in_flight)
    return OpenLoad(step.offered_rate or 0.0)


def _figures(load: str, step: "StepReport") -> tuple[str, ...]:
    latency = step.latency_ms
    cells = ["-"] * 5
    if latency is not None:
        values = (latency.p50, latency.p90, latency.p99, latency.p99_9, latency.max)
        cells = [f"{value:.2f}" for value in values]
    return (load, f"{step.calls:,}", f"{step.rate:,.0f}", *cells)


def _outcomes(step: "StepReport") -> Iterator[tuple[str, int]]:
    """What became of the calls, each of them once."""
    by_model = step.outcomes.get("OK", 0) - sum(step.fallbacks.values())
    if by_model:
        yield "OK", by_model
    for cause, count in step.fallbacks.items():
        yield f"OK, by a fallback: {cause}", count
    for code, count in step.outcomes.items():
        if code != "OK":
            yield code, count
    if step.unsent:
        yield "unsent: too many in flight", step.unsent


def _notes(step: "StepReport") -> Iterator[str]:
    """What keeps the figures from being the server's alone."""
    if step.late_p99_ms is not None:
        yield (
            f"99 % of the calls were sent at most {step.late_p99_ms:.2f} ms after they were due, "
            "which is in their latency."
        )
    if step.generator_cores > _BUSY_CORES:
        yield (
            f"the generator took {step.generator_cores:.0%} of a core, so it may be the limit, and "
            "not the server."
        )
