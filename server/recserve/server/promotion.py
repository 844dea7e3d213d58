"""Where a version in the store is bound for, by what its manifest says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from recserve.server.labels import CANARY, STABLE
from recserve.v1 import model_pb2, promotion_pb2

HEADLINES = ("ndcg@10", "auc")
"""The metrics that a promotion is decided by: the first in which two differ."""


@dataclass(frozen=True, slots=True)
class Destination:
    """The label that a version is bound for."""

    label: str | None
    """None: it stays available."""
    reason: str = ""
    """Why it stays available, for people."""
    shortcoming: str = ""
    """What keeps it from being better than what there is, whatever its label; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Rival:
    """What a version has to beat."""

    name: str
    values: Mapping[str, float]
    """Its metrics by name."""
    margin: float
    """How much more the version needs, as a share of what the rival has."""


def destination(manifest: model_pb2.ModelVersion) -> Destination:
    """Read where a version is bound for. The same manifest always gives the same answer."""
    shortcoming = _shortcoming(manifest.evaluation, manifest.promotion_margins)
    match manifest.promotion:
        case promotion_pb2.PROMOTION_NEVER:
            never = "its training was told to promote it never"
            return Destination(None, never, shortcoming)
        case promotion_pb2.PROMOTION_CANARY:
            return Destination(CANARY, "", shortcoming)
        case promotion_pb2.PROMOTION_IF_BETTER:
            return Destination(None if shortcoming else STABLE, shortcoming, shortcoming)
        case _:
            return Destination(STABLE, "", shortcoming)


def _shortcoming(evaluation: model_pb2.Evaluation, margins: promotion_pb2.PromotionMargins) -> str:
    """What keeps a version from being better than what there is; empty if nothing does."""
    if not evaluation.stable_version:  # nothing to be worse than
        return ""
    measured = {metric.name: metric for metric in evaluation.metrics}
    metrics = [measured[name] for name in HEADLINES if name in measured]
    if not metrics:
        return f"it was measured by none of {', '.join(HEADLINES)}"
    if not metrics[0].HasField("stable"):
        return f"version {evaluation.stable_version} could not be measured beside it"
    behind = (_behind(metrics, rival) for rival in _rivals(evaluation, margins))
    return next(filter(None, behind), "")


def _rivals(
    evaluation: model_pb2.Evaluation, margins: promotion_pb2.PromotionMargins
) -> Iterator[Rival]:
    metrics = evaluation.metrics
    stable = {each.name: each.stable for each in metrics if each.HasField("stable")}
    yield Rival(f"version {evaluation.stable_version}", stable, margins.stable)
    popular = {each.name: each.baseline for each in metrics if each.HasField("baseline")}
    yield Rival("popularity", popular, margins.baseline)
    for other in evaluation.baselines:
        values = {each.name: each.value for each in other.metrics}
        yield Rival(other.name, values, margins.baseline)


def _behind(metrics: list[model_pb2.Metric], rival: Rival) -> str:
    """Where a version does not beat a rival: by the first metric that is not equal."""
    compared = [metric for metric in metrics if metric.name in rival.values]
    for metric in compared:
        value = rival.values[metric.name]
        needed = (1 + rival.margin) * value
        if metric.value > needed:
            return ""
        if metric.value != needed or metric is compared[-1]:
            by = f" by {rival.margin:.2%}" if rival.margin else ""
            own = f"its {metric.name} of {metric.value:.4f}"
            return f"{own} does not beat {rival.name}'s {value:.4f}{by}"
    return ""
