"""The version, or its like, beside other methods on the same questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recserve.trainer.report import segments
from recserve.trainer.report.bars import Bars, Row, bars, dots, interval_of
from recserve.trainer.report.metrics import headline, title
from recserve.v1 import model_pb2

MODEL = "model"
BASELINE = "popularity"
NAMES = {
    MODEL: "this model",
    "item_knn": "ItemKNN",
    "ease": "EASE",
    "ials": "iALS",
    "blend": "EASE with transitions",
}


@dataclass(frozen=True)
class Contenders:
    """Plots and a table of several methods."""

    headline: str
    figures: Bars
    ratios: Bars | None
    """How many times as good the model is as each but popularity, which is often far off."""
    metric_names: list[str]
    contenders: Sequence[model_pb2.Contender]
    segments: list[tuple[str, int, list[float | None]]]
    """A segment's name, its users, and the headline of each method."""


def of_evaluation(evaluation: model_pb2.Evaluation) -> Contenders | None:
    """The version beside the baselines of its evaluation; None for popularity alone.

    Popularity is in every other plot already.
    """
    if len(evaluation.baselines) < 2:
        return None
    own = model_pb2.Contender(name=MODEL, metrics=evaluation.metrics)
    return of([own, *evaluation.baselines])


def of(contenders: Sequence[model_pb2.Contender]) -> Contenders | None:
    """The plots; None for fewer than two methods.

    Args:
        contenders: The model first, then the others.
    """
    measured = [contender for contender in contenders if contender.metrics]
    if len(measured) < 2:
        return None
    first = headline(measured[0].metrics).name
    rows = [
        Row(name(contender.name), _kind(contender), metric.value, interval_of(metric, "interval"))
        for contender in measured
        for metric in contender.metrics
        if metric.name == first
    ]
    names = list(dict.fromkeys(m.name for contender in measured for m in contender.metrics))
    label = f"{title(first)} of the model and of other methods"
    return Contenders(
        title(first),
        bars(label, [("", rows)]),
        _ratios(measured, title(first)),
        names,
        measured,
        _segments(measured, first),
    )


def name(contender: str) -> str:
    """A method's name for people."""
    return NAMES.get(contender, contender.replace("_", " "))


def _kind(contender: model_pb2.Contender) -> str:
    return {MODEL: "model", BASELINE: "baseline"}.get(contender.name, "other")


def _segments(
    contenders: Sequence[model_pb2.Contender], metric_name: str
) -> list[tuple[str, int, list[float | None]]]:
    by_contender = [
        {
            segment.name: metric.value
            for segment in contender.segments
            for metric in segment.metrics
            if metric.name == metric_name
        }
        for contender in contenders
    ]
    return [
        (segments.name(segment), segment.user_count, [by.get(segment.name) for by in by_contender])
        for segment in contenders[0].segments
    ]


def _ratios(contenders: Sequence[model_pb2.Contender], headline: str) -> Bars | None:
    rows = [
        Row(
            f"against {name(contender.name)}",
            "model",
            contender.model_ratio,
            interval_of(contender, "model_ratio_interval"),
        )
        for contender in contenders
        if contender.HasField("model_ratio") and contender.name != BASELINE
    ]
    label = f"The model's {headline} divided by that of each method"
    return dots(label, rows, 1.0) if rows else None
