"""Where a version in the store is bound for, by what its manifest says."""

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


def destination(manifest: model_pb2.ModelVersion) -> Destination:
    """Read where a version is bound for. The same manifest always gives the same answer."""
    match manifest.promotion:
        case promotion_pb2.PROMOTION_NEVER:
            return Destination(None, "its training was told to promote it never")
        case promotion_pb2.PROMOTION_CANARY:
            return Destination(CANARY)
        case promotion_pb2.PROMOTION_IF_BETTER:
            reason = _shortcoming(manifest.evaluation)
            return Destination(None, reason) if reason else Destination(STABLE)
        case _:
            return Destination(STABLE)


def _shortcoming(evaluation: model_pb2.Evaluation) -> str:
    """What keeps a version from being better than what there is; empty if nothing does."""
    if not evaluation.stable_version:  # nothing to be worse than
        return ""
    measured = {metric.name: metric for metric in evaluation.metrics}
    metrics = [measured[name] for name in HEADLINES if name in measured]
    if not metrics:
        return f"it was measured by none of {', '.join(HEADLINES)}"
    if not metrics[0].HasField("stable"):
        return f"version {evaluation.stable_version} could not be measured beside it"
    return _behind(metrics, "stable", f"version {evaluation.stable_version}") or (
        _behind(metrics, "baseline", "popularity")
    )


def _behind(metrics: list[model_pb2.Metric], field: str, rival: str) -> str:
    """Where a version does not beat a rival: by the first metric that is not equal."""
    for metric in metrics:
        if not metric.HasField(field):
            continue
        value = getattr(metric, field)
        if metric.value > value:
            return ""
        if metric.value != value or metric is metrics[-1]:
            return f"its {metric.name} of {metric.value:.4f} does not beat {rival}'s {value:.4f}"
    return ""
