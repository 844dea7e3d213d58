"""What the command shows on stderr: tables for people."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from recserve.trainer import artefact, dataset
from recserve.v1 import model_pb2

if TYPE_CHECKING:
    from recserve.trainer.inspection import Inspection
    from recserve.trainer.training import Fitted
    from recserve.trainer.tuning.search import Tuned

MOST_TRIALS = 10


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
    show_evaluation(fitted.manifest.evaluation)
    _print(f"published {fitted.path} in {fitted.manifest.training_seconds:.0f} s")
    page = fitted.path / artefact.REPORT
    if page.is_file():
        _print(f"report: {page}")


def show_tuned(tuned: Tuned) -> None:
    """Shows the best trials beside the defaults, and where the best is kept."""
    searched = list(tuned.trials[0]["hyper_parameters"])
    measured = [trial for trial in tuned.trials if trial["value"] is not None]
    maximised = tuned.best == max(trial["value"] for trial in measured)
    best_first = sorted(measured, key=lambda trial: trial["value"], reverse=maximised)
    table = _table("Best trials", "trial", f"validation {tuned.objective}", "seconds", *searched)
    for trial in best_first[:MOST_TRIALS]:
        values = (trial["hyper_parameters"][name] for name in searched)
        shown = [f"{value:.3g}" if isinstance(value, float) else str(value) for value in values]
        table.add_row(
            str(trial["number"]), f"{trial['value']:.4f}", f"{trial['seconds']:.0f}", *shown
        )
    pruned = len(tuned.trials) - len(measured)
    _print(table)
    default = "" if tuned.default is None else f"; the defaults reach {tuned.default:.4f}"
    _print(
        f"{len(tuned.trials)} trials, {pruned} of them given up; best {tuned.best:.4f}{default}; "
        f"written to {tuned.best_file}"
    )


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
    title = str(table.title)
    _print(table if found else title)
    off = [rule.name for rule in report.rules if rule.disabled]
    others = [rule.name for rule in report.rules if rule not in found and not rule.disabled]
    if others:
        _print(f"found nothing: {', '.join(others)}")
    if off:
        _print(f"switched off: {', '.join(off)}")
    show_checks(report.checks)


def show_checks(checks: Iterable[model_pb2.QualityCheck]) -> None:
    """Shows each quality check that warned, failed or was skipped, and names the others."""
    table = _table("Quality checks", "check", "verdict", "figure", "what was found")
    passed = []
    for check in checks:
        if check.verdict == model_pb2.CHECK_VERDICT_PASSED:
            passed.append(check.name)
            continue
        verdict = model_pb2.CheckVerdict.Name(check.verdict).removeprefix("CHECK_VERDICT_").lower()
        figure = f"{check.figure:.4g}" if check.HasField("figure") else ""
        table.add_row(
            check.name, verdict + (", allowed" if check.allowed else ""), figure, check.finding
        )
    if table.row_count:
        _print(table)
    if passed:
        _print(f"checks passed: {', '.join(passed)}")


def show_evaluation(evaluation: model_pb2.Evaluation) -> None:
    """Shows metrics with intervals beside those they compare with, and each segment's NDCG."""
    stable = evaluation.stable_version
    beside = (f"version {stable}",) if stable else ()
    table = _table("Holdout", "metric", "model", "95 %", "popularity", *beside)
    for metric in evaluation.metrics:
        row = [metric.name, *_with_interval(metric), _figure(metric, "baseline")]
        table.add_row(*row, *(_figure(metric, "stable") for _ in beside))
    if evaluation.HasField("calibration"):
        error = evaluation.calibration.expected_error
        table.caption = f"expected calibration error {error:.4f}"
    _print(table)
    if evaluation.segments:
        _show_segments(evaluation)


def _show_segments(evaluation: model_pb2.Evaluation) -> None:
    names = ("ndcg@10", "recall@10")
    headings = [heading for name in names for heading in (name, "95 %", "popularity")]
    table = _table("Segments", "segment", "users", *headings)
    for segment in evaluation.segments:
        by_name = {metric.name: metric for metric in segment.metrics}
        cells = [
            cell
            for name in names
            for cell in (*_with_interval(by_name[name]), _figure(by_name[name], "baseline"))
        ]
        table.add_row(segment.name, f"{segment.user_count:,}", *cells)
    _print(table)


def show_comparison(found: model_pb2.Comparison) -> None:
    """Shows each method's figures, and how many times as good the model is."""
    protocol = model_pb2.HoldoutKind.Name(found.protocol).removeprefix("HOLDOUT_KIND_").lower()
    names = ("ndcg@10", "recall@10", "mrr@10", "coverage@10")
    table = _table(
        f"Comparison: {protocol}, {found.question_count:,} questions about "
        f"{found.user_count:,} users, seeds {', '.join(map(str, found.seeds))}",
        "method",
        "ndcg@10",
        "95 %",
        *names[1:],
        "model / it",
        "95 %",
        "settings",
    )
    for contender in found.contenders:
        by_name = {metric.name: metric for metric in contender.metrics}
        settings = ", ".join(f"{name} {value}" for name, value in contender.settings.items())
        table.add_row(
            contender.name,
            *_with_interval(by_name["ndcg@10"]),
            *(_figure(by_name[name], "value") for name in names[1:]),
            f"{contender.model_ratio:.3f}" if contender.HasField("model_ratio") else "",
            _interval(contender.model_ratio_interval, 3),
            settings,
        )
    table.caption = "\n".join(f"without {name}: {why}" for name, why in found.left_out.items())
    _print(table)
    _show_segments_of(found)


def _show_segments_of(found: model_pb2.Comparison) -> None:
    table = _table("ndcg@10 by segment", "segment", "users", *(c.name for c in found.contenders))
    for row in zip(*(contender.segments for contender in found.contenders), strict=True):
        values = [_ndcg(segment) for segment in row]
        table.add_row(row[0].name, f"{row[0].user_count:,}", *values)
    _print(table)


def _ndcg(segment: model_pb2.Segment) -> str:
    return next((f"{m.value:.4f}" for m in segment.metrics if m.name == "ndcg@10"), "")


def _interval(interval: model_pb2.Interval, digits: int = 4) -> str:
    if not interval.ListFields():
        return ""
    return f"{interval.low:.{digits}f} to {interval.high:.{digits}f}"


def _with_interval(metric: model_pb2.Metric) -> tuple[str, str]:
    return f"{metric.value:.4f}", _interval(metric.interval)


def _figure(metric: model_pb2.Metric, field: str) -> str:
    there = field == "value" or metric.HasField(field)
    return f"{getattr(metric, field):.4f}" if there else ""


def _table(title: str, *headings: str) -> Table:
    return Table(*headings, title=title, title_justify="left", caption_justify="left")


def _print(what: Table | str) -> None:
    console = Console(stderr=True)
    if not console.is_terminal:
        console = Console(stderr=True, width=160)
    console.print(what, markup=False, highlight=False)
