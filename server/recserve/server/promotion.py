"""Where a version in the store is bound for, by what its manifest says."""

from dataclasses import dataclass

from recserve.server.labels import CANARY, STABLE
from recserve.v1 import model_pb2, promotion_pb2

HEADLINES = ("ndcg@10", "auc")
"""The metrics that a promotion is decided by: the first that the version has."""


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
    metrics = {metric.name: metric for metric in evaluation.metrics}
    metric = next((metrics[name] for name in HEADLINES if name in metrics), None)
    if metric is None:
        return f"it was measured by none of {', '.join(HEADLINES)}"
    if not metric.HasField("stable"):
        return f"version {evaluation.stable_version} could not be measured beside it"
    rivals = {f"version {evaluation.stable_version}": metric.stable}
    if metric.HasField("baseline"):
        rivals["popularity"] = metric.baseline
    for name, value in rivals.items():
        if not metric.value > value:
            return f"its {metric.name} of {metric.value:.4f} does not beat {name}'s {value:.4f}"
    return ""
