"""From a CompareVersionsRequest to an order."""

from recserve.server.experiments.order import ComparisonOrder
from recserve.server.front_end.requests.checks import Checks
from recserve.server.schema import DeclaredSchema
from recserve.v1 import experiment_pb2

MAX_VERSIONS = 100
MAX_EVENT_TYPES = 100
MAX_POSITIONS = 100
DEFAULT_POSITIONS = 3
MAX_NAME_BYTES = 63


def to_comparison_order(
    request: experiment_pb2.CompareVersionsRequest, schema: DeclaredSchema, stable: int | None
) -> ComparisonOrder:
    """Check a request.

    Args:
        request: The request.
        schema: Of the event log.
        stable: The stable version, if there is one.

    Raises:
        InvalidRequest: a field is bad; a violation for each.
    """
    checks = Checks()
    versions, types = list(request.model_versions), list(request.event_types)
    most = f"at most {MAX_VERSIONS} versions are allowed"
    checks.require(len(versions) <= MAX_VERSIONS, "model_versions", most)
    checks.require(min(versions, default=0) >= 0, "model_versions", "must not be negative")
    checks.require(request.baseline_version >= 0, "baseline_version", "must not be negative")
    most = f"at most {MAX_EVENT_TYPES} types are allowed"
    if checks.require(len(types) <= MAX_EVENT_TYPES, "event_types", most):
        for place, name in enumerate(types):
            field = f"event_types[{place}]"
            if checks.text(name, field, MAX_NAME_BYTES):
                checks.require(schema.accepts(name), field, "is none of the schema's event types")
    within = 0 <= request.positions <= MAX_POSITIONS
    checks.require(within, "positions", f"must be between 1 and {MAX_POSITIONS}, or 0")
    since = _seconds(request, "start_time", checks)
    until = _seconds(request, "end_time", checks)
    ordered = since is None or until is None or since < until
    checks.require(ordered, "end_time", "must be after start_time")
    checks.raise_if_any()
    return ComparisonOrder(
        schema=schema.to_json(),
        since=since,
        until=until,
        versions=versions,
        baseline=request.baseline_version or stable,
        event_types=types,
        positions=request.positions or DEFAULT_POSITIONS,
    )


def _seconds(
    request: experiment_pb2.CompareVersionsRequest, field: str, checks: Checks
) -> float | None:
    if not request.HasField(field):
        return None
    stamp = getattr(request, field)
    valid = 0 <= stamp.nanos < 1_000_000_000 and 0 <= stamp.seconds < 253_402_300_800
    checks.require(valid, field, "must be a time from 1970 to 9999")
    return float(stamp.seconds + stamp.nanos / 1e9)
