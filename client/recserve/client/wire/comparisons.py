"""Comparisons of versions, to and from messages."""

from collections.abc import Iterable
from datetime import datetime

from recserve.client.version_comparison import (
    Estimate,
    OffPolicyEstimate,
    OffPolicyMethod,
    VersionComparison,
    VersionStanding,
)
from recserve.client.wire.enums import enumerator
from recserve.client.wire.timestamps import timestamp
from recserve.v1 import experiment_pb2


def comparison_request(
    *,
    start_time: datetime | float | None,
    end_time: datetime | float | None,
    versions: Iterable[int],
    baseline: int | None,
    event_types: Iterable[str],
    positions: int,
    model: str,
) -> experiment_pb2.CompareVersionsRequest:
    """The message that asks for a comparison.

    Raises:
        TypeError, ValueError: An argument cannot be sent.
    """
    if isinstance(event_types, str):
        raise TypeError(f"event_types must be a list of names, got the single string {event_types}")
    request = experiment_pb2.CompareVersionsRequest(
        model=model,
        model_versions=versions,
        baseline_version=baseline or 0,
        event_types=event_types,
        positions=positions,
    )
    if start_time is not None:
        request.start_time.CopyFrom(timestamp("start_time", start_time))
    if end_time is not None:
        request.end_time.CopyFrom(timestamp("end_time", end_time))
    return request


def comparison_from(message: experiment_pb2.CompareVersionsResponse) -> VersionComparison:
    """The comparison that a message holds."""
    return VersionComparison(
        baseline=message.baseline_version, versions=tuple(map(_standing, message.versions))
    )


def _standing(message: experiment_pb2.VersionStanding) -> VersionStanding:
    return VersionStanding(
        version=message.model_version,
        answer_count=message.answer_count,
        user_count=message.user_count,
        success_count=message.success_count,
        success_rate=_estimate(message.success_rate) if message.HasField("success_rate") else None,
        value=_estimate(message.value) if message.HasField("value") else None,
        difference=_estimate(message.difference) if message.HasField("difference") else None,
        p_value=message.p_value if message.HasField("p_value") else None,
        off_policy=tuple(map(_off_policy, message.off_policy)),
    )


def _off_policy(message: experiment_pb2.OffPolicyEstimate) -> OffPolicyEstimate:
    return OffPolicyEstimate(
        method=enumerator(
            OffPolicyMethod, experiment_pb2.OffPolicyMethod, "OFF_POLICY_METHOD_", message.method
        ),
        value=_estimate(message.value),
        answer_count=message.answer_count,
        effective_answer_count=message.effective_answer_count,
    )


def _estimate(message: experiment_pb2.Estimate) -> Estimate:
    return Estimate(message.value, message.low, message.high)
