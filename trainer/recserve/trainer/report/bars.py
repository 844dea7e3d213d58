"""A plot of figures in rows: as bars from zero, or as dots beside a line at a reference."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recserve.trainer.report.axis import Axis
from recserve.trainer.report.figures import figure
from recserve.v1 import model_pb2

WIDTH = 360
EDGE = 8
TOP = 4
ROW = 40
"""Height of a row, its label above its mark, in pixels."""
HEADING = 28
BELOW = 22
LONGEST_LABEL = 42
"""Characters of a label that fit beside a figure."""


@dataclass(frozen=True)
class Row:
    """One figure."""

    label: str
    kind: str
    """What it is of, which gives it its colour: "model", "baseline", "stable", "base", "other"."""
    value: float
    interval: model_pb2.Interval | None = None
    """Its 95 % interval."""


@dataclass(frozen=True)
class Mark:
    """A row, placed."""

    row: Row
    label: str
    text: str
    y: float
    at: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Heading:
    """The name of a group of rows, placed."""

    text: str
    y: float


@dataclass(frozen=True)
class Bars:
    """The plot."""

    label: str
    """What it shows, for those who cannot see it."""
    axis: Axis
    marks: list[Mark]
    headings: list[Heading]
    height: float
    reference: float | None
    """Where the reference stands, in pixels; None where bars begin at zero."""
    width: int = WIDTH


def bars(label: str, groups: Sequence[tuple[str, Sequence[Row]]]) -> Bars:
    """Bars from zero. Groups without a name stand without a heading."""
    return _placed(label, groups, None)


def dots(label: str, rows: Sequence[Row], reference: float) -> Bars:
    """Dots beside a line at the reference."""
    return _placed(label, [("", rows)], reference)


def interval_of(
    message: model_pb2.Metric | model_pb2.Contender, name: str
) -> model_pb2.Interval | None:
    """An interval of a message, if it has it and it has two ends."""
    if not message.HasField(name):
        return None
    interval: model_pb2.Interval = getattr(message, name)
    return interval if math.isfinite(interval.low) and math.isfinite(interval.high) else None


def _placed(
    label: str, groups: Sequence[tuple[str, Sequence[Row]]], reference: float | None
) -> Bars:
    groups = [(name, [row for row in group if math.isfinite(row.value)]) for name, group in groups]
    rows = [row for _, group in groups for row in group]
    # A little on the other side of the reference too, so that it is a line within the plot.
    least = 0.0 if reference is None else 0.95 * reference
    axis = Axis.around([least, *_extremes(rows)], EDGE + 2, WIDTH - EDGE - 14, most_ticks=5)
    marks, headings, y = [], [], float(TOP)
    for name, group in groups:
        if name:
            headings.append(Heading(_cut(name), y + 18))
            y += HEADING
        for row in group:
            marks.append(_mark(row, axis, y))
            y += ROW
    place = None if reference is None else axis.at(reference)
    return Bars(label, axis, marks, headings, y + BELOW, place)


def _mark(row: Row, axis: Axis, y: float) -> Mark:
    text, low, high = figure(row.value), None, None
    if row.interval is not None:
        low, high = axis.at(row.interval.low), axis.at(row.interval.high)
    return Mark(row, _cut(row.label), text, y, axis.at(row.value), low, high)


def _cut(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"


def _extremes(rows: Iterable[Row]) -> Iterable[float]:
    for row in rows:
        yield row.value
        if row.interval is not None:
            yield from (row.interval.low, row.interval.high)
