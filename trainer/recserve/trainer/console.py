"""What the command shows on stderr: tables for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from recserve.trainer import dataset
from recserve.v1 import model_pb2

if TYPE_CHECKING:
    from recserve.trainer.evaluation.report import Report
    from recserve.trainer.inspection import Inspection
    from recserve.trainer.training import Fitted


def show_columns(inspection: Inspection) -> None:
    """Shows what each column was taken for."""
    headings = ("file", "column", "role", "type", "missing", "distinct", "example", "why")
    table = _table("Columns", *headings)
    for found in inspection.columns:
        table.add_row(
            found.file,
            found.column,
            found.role,
            found.type,
            f"{found.missing:.1%}",
            f"{found.distinct:,}",
            found.example,
            found.reason,
        )
    _print(table)


def announced_schema(path: Path) -> Path | None:
    """Says which schema `fit` uses; shows the proposal where the dataset has none.

    Returns:
        None: `fit` finds the same by itself.
    """
    own = dataset.schema_path(path)
    if own.is_file():
        _print(f"schema: {own}")
        return None
    from recserve.trainer.inspection import inspect, toml_text

    found = inspect(path)
    _print(f"schema: proposed, as there is no {own}; `recserve-trainer inspect --write` keeps it")
    show_columns(found)
    _print(toml_text.render(found))
    return None


def show_fitted(fitted: Fitted) -> None:
    """Shows what cleaning did, the metrics beside the baseline's, and where the version is."""
    show_cleaning(fitted.manifest.cleaning)
    show_report(fitted.report)
    _print(f"published {fitted.path} in {fitted.manifest.training_seconds:.0f} s")


def show_cleaning(report: model_pb2.CleaningReport) -> None:
    """Shows each rule that found something, with its counts, and names the others."""
    table = _table(
        f"Cleaning: {report.rows_kept:,} of {report.rows_read:,} rows kept",
        "rule",
        "dropped",
        "repaired",
        "what it does",
        "examples",
    )
    found = [rule for rule in report.rules if rule.dropped or rule.repaired]
    for rule in found:
        counts = (f"{rule.dropped:,}", f"{rule.repaired:,}")
        table.add_row(rule.name, *counts, rule.description, "\n".join(rule.examples))
    others = ", ".join(rule.name for rule in report.rules if rule not in found)
    title = str(table.title)
    _print(table if found else title)
    if others:
        _print(f"found nothing: {others}")


def show_report(report: Report) -> None:
    """Shows metrics beside those they compare with, and those of users with a history apart."""
    outcome = report.outcome
    apart = ("model*", "popularity*") if outcome.known_model else ()
    beside = (f"version {report.stable_version}",) if report.stable else ()
    table = _table("Holdout", "metric", "model", "popularity", *beside, *apart)
    for name, value in outcome.model.items():
        figures = [value, outcome.baseline.get(name)]
        if beside:
            figures.append(report.stable.get(name))
        if apart:
            figures += [outcome.known_model.get(name), outcome.known_baseline.get(name)]
        table.add_row(name, *map(_figure, figures))
    if apart:
        known, new = outcome.known_users, outcome.new_users
        table.caption = (
            f"{known + new} users: {known} with a history (*: these alone), {new} without, who "
            "get what is popular"
        )
    _print(table)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _table(title: str, *headings: str) -> Table:
    return Table(*headings, title=title, title_justify="left", caption_justify="left")


def _print(what: Table | str) -> None:
    console = Console(stderr=True)
    if not console.is_terminal:
        console = Console(stderr=True, width=160)
    console.print(what, markup=False, highlight=False)
