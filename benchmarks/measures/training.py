"""What learning costs: beside a bare Keras `fit`, as events grow, and from a warm start."""

import csv
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.datasets import write_walks
from benchmarks.places import MOVIELENS
from benchmarks.result import Chart, Figure, Result, Table, cell
from benchmarks.rounds import ratios
from benchmarks.server import outcome

SIZES = (10_000, 100_000, 1_000_000)
STEPS = 150
KNOWN = 0.9
"""Of the events, oldest first, those that the base version of a warm start knows."""
COLUMNS = ("events", "seconds", "peak memory MiB", "NDCG@10", "popularity's")
RATINGS = "ratings.csv"


def run(bench: Bench) -> Result:
    """Steps, then growth, then the warm start; all but the steps once, for they take minutes."""
    result = Result("what learning costs")
    shown = _steps(bench, result)
    _growth(bench, result)
    if not bench.quick:
        shown += _warm_start(bench, result)
    rows = [(figure.name, figure.unit, cell(figure)) for figure in shown]
    result.tables.append(Table(("", "unit", "median"), rows))
    return result


def _steps(bench: Bench, result: Result) -> list[Figure]:
    size = (1, STEPS // 10) if bench.quick else (bench.rounds, STEPS)
    found = outcome("benchmarks.training_steps", MOVIELENS, *size)
    share = ratios(found["ours"], found["bare"])
    return [
        result.add("examples, ours", "1/s", found["ours"], lower_is_better=False),
        result.add("examples, bare Keras", "1/s", found["bare"], lower_is_better=False),
        result.add("ours / bare Keras", "-", share, lower_is_better=False),
    ]


def _growth(bench: Bench, result: Result) -> None:
    rows = []
    series: dict[str, list[tuple[int, float]]] = {}
    for size in SIZES[:1] if bench.quick else SIZES:
        file = write_walks(bench.folder / "datasets" / f"walks-{size}.csv", size)
        found = _fit(file, bench.folder / f"models-{size}")
        file.unlink()
        seconds = result.add(f"{size:,} events, fit", "s", [found["seconds"]])
        peak = result.add(f"{size:,} events, peak memory", "MiB", [found["peak_mib"]])
        rows.append((f"{size:,}", *map(cell, (seconds, peak)), *_quality(found)))
        for line, value in (("seconds", seconds.median), ("MiB", peak.median)):
            series.setdefault(line, []).append((size, value))
    result.tables.append(Table(COLUMNS, rows))
    result.charts.append(
        Chart("training", result.title, "events", "seconds, MiB", series, logarithmic=True)
    )


def _warm_start(bench: Bench, result: Result) -> list[Figure]:
    """Nine tenths of MovieLens, then all of it: in full, and from the version of nine tenths."""
    before = bench.folder / "datasets" / "before"
    _oldest(before, KNOWN)
    store = bench.folder / "models-warm"
    _fit(before, store)
    warm = _fit(MOVIELENS, store, "warm-start")
    full = _fit(MOVIELENS, bench.folder / "models-full")
    quality = [warm["ndcg"] / full["ndcg"]]
    return [
        result.add("a tenth is new, in full", "s", [full["seconds"]]),
        result.add("a tenth is new, warm start", "s", [warm["seconds"]]),
        result.add("warm start / in full, time", "-", [warm["seconds"] / full["seconds"]]),
        result.add("warm start / in full, NDCG@10", "-", quality, lower_is_better=False),
    ]


def _oldest(folder: Path, share: float) -> None:
    """The dataset with the oldest ratings alone."""
    folder.mkdir(parents=True)
    for file in MOVIELENS.iterdir():
        if file.name != RATINGS:
            (folder / file.name).symlink_to(file.resolve())
    with (MOVIELENS / RATINGS).open(newline="") as lines:
        header, *rows = csv.reader(lines)
    rows.sort(key=lambda row: int(row[header.index("timestamp")]))
    with (folder / RATINGS).open("w", newline="") as out:
        csv.writer(out).writerows([header, *rows[: round(len(rows) * share)]])


def _quality(found: dict[str, Any]) -> tuple[str, str]:
    return f"{found['ndcg']:.4f}", f"{found['popularity']:.4f}"


def _fit(dataset: Path, store: Path, mode: str = "full") -> dict[str, Any]:
    return outcome("benchmarks.fitting", dataset, store, mode)
