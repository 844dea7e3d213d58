"""A training run as it is ordered."""

from dataclasses import dataclass, field
from typing import Any

from recserve.v1 import promotion_pb2, training_pb2
from recserve.v1.model_pb2 import TRAINING_MODE_WARM_START

PROMOTIONS = {
    "if-better": promotion_pb2.PROMOTION_IF_BETTER,
    "always": promotion_pb2.PROMOTION_ALWAYS,
    "never": promotion_pb2.PROMOTION_NEVER,
    "canary": promotion_pb2.PROMOTION_CANARY,
}
"""By the words in which an order says them."""
_WORDS = {promotion: word for word, promotion in PROMOTIONS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOrder:
    """Everything that the processes of a run need to know, in plain values."""

    name: str
    """The run's resource name."""
    dataset_path: str = ""
    """Empty: the event log."""
    schema: str = ""
    """Of the event log, in protobuf JSON."""
    since: float | None = None
    """First event time to learn from, in seconds since the Unix epoch."""
    until: float | None = None
    """Event time before which to learn."""
    warm_start: bool = False
    base: int | None = None
    """The version that a warm start begins from; None: the newest."""
    stable: int | None = None
    """The version to be measured against."""
    promotion: str = "if-better"
    """`always`, `if-better`, `never` or `canary`."""
    hyper_parameters: dict[str, Any] = field(default_factory=dict)


def order_of(
    request: training_pb2.TrainRequest, name: str, schema: str, stable: int | None
) -> TrainingOrder:
    """Write an order for a checked request.

    Args:
        request: The request.
        name: The run's resource name.
        schema: Of the event log, in protobuf JSON.
        stable: The version that is stable now.
    """
    warm_start = request.mode == TRAINING_MODE_WARM_START
    times = request.event_log
    return TrainingOrder(
        name=name,
        dataset_path=request.dataset_path,
        schema=schema,
        since=_seconds(times.start_time) if times.HasField("start_time") else None,
        until=_seconds(times.end_time) if times.HasField("end_time") else None,
        warm_start=warm_start,
        base=(request.base_version or stable) if warm_start else None,
        stable=stable,
        promotion=_WORDS[request.promotion or promotion_pb2.PROMOTION_IF_BETTER],
        hyper_parameters={
            each.name: value if isinstance(value, int | float) else list(value)
            for each, value in request.hyper_parameters.ListFields()
        },
    )


def _seconds(stamp: Any) -> float:
    return float(stamp.seconds + stamp.nanos / 1e9)
