"""What a benchmark found: figures of every round, tables, charts and notes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured quantity."""

    name: str
    """Names it within its benchmark, the same in every run."""
    unit: str
    rounds: tuple[float, ...]
    """One value a round."""
    lower_is_better: bool = True

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return median(self.rounds)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells that are ready to print; the first column is text."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over a number, or bars over words."""

    name: str
    """Of the file."""
    title: str
    x_label: str
    y_label: str
    series: Mapping[str, Sequence[tuple[Any, float]]]
    """Points of each line, or each group of bars, by its name."""
    logarithmic: bool = False


@dataclass(slots=True)
class Result:
    """Of one benchmark."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self, name: str, unit: str, rounds: Sequence[float], *, lower_is_better: bool = True
    ) -> Figure:
        """Keep a figure; rounds that had nothing to measure (NaN) are left out."""
        values = tuple(value for value in rounds if not math.isnan(value)) or (math.nan,)
        figure = Figure(name, unit, values, lower_is_better)
        self.figures.append(figure)
        return figure


def as_json(result: Result) -> dict[str, Any]:
    """What a saved run keeps of it."""
    return {"title": result.title, **{n: asdict(result)[n] for n in ("figures", "notes")}}


def figures_from_json(saved: Mapping[str, Any]) -> dict[str, Figure]:
    """The figures of one benchmark of a saved run, by name."""
    read = [Figure(**each | {"rounds": tuple(each["rounds"])}) for each in saved["figures"]]
    return {figure.name: figure for figure in read}


def number(value: float) -> str:
    """Three digits that matter; whole numbers from a hundred on."""
    if math.isnan(value):
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def cell(figure: Figure | None) -> str:
    """The median, with the lowest and highest round behind it."""
    if figure is None:
        return "-"
    if len(figure.rounds) == 1:
        return number(figure.median)
    lowest, highest = min(figure.rounds), max(figure.rounds)
    return f"{number(figure.median)} ({number(lowest)} to {number(highest)})"
