"""Comparing versions by what users did with their answers."""

# ruff: noqa: D417 - `session` is not of the clients' methods, which show these docstrings

from collections.abc import Iterable
from datetime import datetime

from recserve.client.operations.call import call
from recserve.client.operations.effects import Operation
from recserve.client.session import Session
from recserve.client.version_comparison import VersionComparison


def compare_versions(
    session: Session,
    start_time: datetime | float | None = None,
    end_time: datetime | float | None = None,
    *,
    versions: Iterable[int] = (),
    baseline: int | None = None,
    event_types: Iterable[str] = (),
    positions: int = 3,
    model: str = "",
    timeout: float = 60.0,
) -> Operation[VersionComparison]:
    """Compares versions by the answers that were logged and the events that name them.

    A shadow, whose answers nobody saw, is estimated from those of others that were given with
    exploration.

    Args:
        start_time: Answers given at or after it: a datetime with a time zone, or seconds since
            the Unix epoch. Default: from the first that is kept.
        end_time: Answers given before it. Default: to the last.
        versions: Those to show, at most 100. Default: all.
        baseline: What they are compared with. Default: the stable version; where it gave no
            answers, the version that gave most.
        event_types: What counts as a success. Default: every positive event of the schema.
        positions: How many positions of an answer count for `value` and the off-policy
            estimates, 1 to 100.
        model: The model. Default: the one the server serves.
        timeout: Seconds, retries included; a million answers take some.

    Raises:
        Aborted: Another comparison is at work.
        InvalidArgument: The server refuses the request; `violations` says why.
        NotFound: The server does not serve that model.
        RecserveError: The call failed otherwise.
        TypeError, ValueError: An argument cannot be sent.
    """
    from recserve.client.wire.comparisons import comparison_from, comparison_request

    request = comparison_request(
        start_time=start_time,
        end_time=end_time,
        versions=versions,
        baseline=baseline,
        event_types=event_types,
        positions=positions,
        model=model,
    )
    response = yield from call(
        session, lambda stubs: stubs.experiments.CompareVersions, request, timeout
    )
    return comparison_from(response)
