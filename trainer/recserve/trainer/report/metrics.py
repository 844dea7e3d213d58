"""How good the version is: every metric beside those of others on the same holdout."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from recserve.trainer.report.bars import Bars, Row, bars, dots, interval_of
from recserve.v1 import model_pb2

MEANINGS = {
    "ndcg@": ("NDCG", "Right items among the first, the more the nearer to the top."),
    "recall@": ("Recall", "Share of what users went on to choose that was recommended."),
    "mrr@": ("MRR", "One over the rank of the first right item."),
    "map@": ("MAP", "Precision at the rank of each right item, averaged."),
    "coverage@": ("Coverage", "Share of the catalogue that is recommended to anyone."),
    "novelty@": ("Novelty", "How rare the recommended items are, in bits."),
    "diversity@": ("Diversity", "How unlike one another the items of one answer are."),
    "accuracy": ("Accuracy", "Share of pairs on the right side of one half."),
    "precision": ("Precision", "Share of true positives among what scores above one half."),
    "recall": ("Recall", "Share of the positives that score above one half."),
    "f1": ("F1", "Harmonic mean of precision and recall."),
    "auc": ("ROC AUC", "Chance that a positive scores above a negative; guessing gives 0.5."),
    "log_loss": ("Log loss", "How surprised the scores are by the truth; lower is better."),
}
"""Title and meaning by a metric's name, without its cut-off."""
HITS = {"ndcg@", "recall@", "mrr@", "map@"}
"""What measures right answers, so that a ratio of two says how many times as good one is."""
LOWER_IS_BETTER = {"log_loss"}
HEADLINES = ("ndcg@10", "auc")
"""The first of these that was measured stands for all."""


@dataclass(frozen=True)
class Card:
    """One metric."""

    title: str
    meaning: str
    plot: Bars


@dataclass(frozen=True)
class Metrics:
    """The section."""

    ratios: Bars | None
    """How many times as good as popularity, by metric."""
    groups: list[tuple[str, list[Card]]]
    stable_version: int
    table: Sequence[model_pb2.Metric]


def of(evaluation: model_pb2.Evaluation) -> Metrics | None:
    """The section; None where nothing was measured."""
    measured = [metric for metric in evaluation.metrics if math.isfinite(metric.value)]
    if not measured:
        return None
    stable = f"version {evaluation.stable_version}"
    ranking = [metric for metric in measured if "@" in metric.name]
    classifying = [metric for metric in measured if "@" not in metric.name]
    groups = [
        ("Ranking the whole catalogue", [_card(metric, stable) for metric in ranking]),
        ("Telling positives from negatives", [_card(metric, stable) for metric in classifying]),
    ]
    return Metrics(
        _ratios(ranking),
        [(name, cards) for name, cards in groups if cards],
        evaluation.stable_version,
        measured,
    )


def headline(measured: Sequence[model_pb2.Metric]) -> model_pb2.Metric:
    """The metric that stands for all."""
    by_name = {metric.name: metric for metric in measured}
    return next((by_name[name] for name in HEADLINES if name in by_name), measured[0])


def title(name: str) -> str:
    """The title of a metric with its cut-off."""
    key, cut_off = _parts(name)
    return MEANINGS.get(key, (name.replace(f"@{cut_off}", ""),))[0] + (
        f"@{cut_off}" if cut_off else ""
    )


def rows_of(metric: model_pb2.Metric, stable: str = "") -> list[Row]:
    """A metric of the model, beside the baseline's and the stable version's."""
    rows = [Row("this version", "model", metric.value, interval_of(metric, "interval"))]
    if metric.HasField("baseline"):
        interval = interval_of(metric, "baseline_interval")
        rows.append(Row("popularity", "baseline", metric.baseline, interval))
    if metric.HasField("stable") and stable:
        rows.append(Row(stable, "stable", metric.stable))
    return rows


def _parts(name: str) -> tuple[str, str]:
    key, at, cut_off = name.partition("@")
    return key + at, cut_off


def _card(metric: model_pb2.Metric, stable: str) -> Card:
    key, _ = _parts(metric.name)
    label = f"{title(metric.name)} of this version beside others"
    meaning = MEANINGS.get(key, ("", ""))[1]
    return Card(title(metric.name), meaning, bars(label, [("", rows_of(metric, stable))]))


def _ratios(ranking: Sequence[model_pb2.Metric]) -> Bars | None:
    rows = [
        Row(
            title(metric.name),
            "model",
            metric.value / metric.baseline,
            interval_of(metric, "ratio_interval"),
        )
        for metric in ranking
        if _parts(metric.name)[0] in HITS
        and metric.HasField("ratio_interval")
        and metric.baseline > 0
    ]
    label = "This version's metrics divided by those of popularity, with 95 % intervals"
    return dots(label, rows, 1.0) if rows else None
