"""A warm start beside the version that it started from."""

from __future__ import annotations

from dataclasses import dataclass

from recserve.trainer.report.figures import count, duration, figure
from recserve.trainer.report.metrics import title
from recserve.v1 import model_pb2


@dataclass(frozen=True)
class Fact:
    """One line: what it is for this version and for the base."""

    name: str
    own: str
    base: str


@dataclass(frozen=True)
class WarmStart:
    """The section."""

    base_version: int
    is_same_holdout: bool
    """Whether the base version was measured on this version's holdout."""
    facts: list[Fact]
    time_share: float | None
    """This version's training time as a share of the base's."""


def of(version: model_pb2.ModelVersion, base: model_pb2.ModelVersion | None) -> WarmStart | None:
    """The section; None for a full run, and where the base version is gone."""
    if base is None:
        return None
    is_same = version.evaluation.stable_version == base.version and any(
        metric.HasField("stable") for metric in version.evaluation.metrics
    )
    facts = [
        Fact("training time", duration(version.training_seconds), duration(base.training_seconds)),
        Fact("passes", *(count(_passes(each)) for each in (version, base))),
        Fact("events", *(count(each.lineage.event_count) for each in (version, base))),
        Fact("users", *(count(each.lineage.user_count) for each in (version, base))),
        Fact("items", *(count(each.lineage.item_count) for each in (version, base))),
        *_first_losses(version, base),
        *_metrics(version, base, is_same=is_same),
    ]
    share = None
    if version.training_seconds > 0 and base.training_seconds > 0:
        share = version.training_seconds / base.training_seconds
    return WarmStart(base.version, is_same, facts, share)


def _passes(version: model_pb2.ModelVersion) -> int:
    return sum(len(curve.passes) for curve in version.learning_curves)


def _first_losses(version: model_pb2.ModelVersion, base: model_pb2.ModelVersion) -> list[Fact]:
    """Where the first stage began: a warm start knows something already."""
    if not version.learning_curves or not base.learning_curves:
        return []
    own, before = version.learning_curves[0], base.learning_curves[0]
    if own.stage != before.stage or not (
        own.HasField("start_loss") and before.HasField("start_loss")
    ):
        return []
    name = f"loss at the start of {own.stage}"
    return [Fact(name, figure(own.start_loss), figure(before.start_loss))]


def _metrics(
    version: model_pb2.ModelVersion, base: model_pb2.ModelVersion, *, is_same: bool
) -> list[Fact]:
    before = (
        {metric.name: metric.value for metric in base.evaluation.metrics}
        if not is_same
        else {
            metric.name: metric.stable
            for metric in version.evaluation.metrics
            if metric.HasField("stable")
        }
    )
    return [
        Fact(title(metric.name), figure(metric.value), figure(before[metric.name]))
        for metric in version.evaluation.metrics
        if metric.name in before
    ]
