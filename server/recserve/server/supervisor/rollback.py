"""When a version is rolled back, as a stateless policy over what was seen of it.

Each rule is a function of its own; `RULES` lists them, the gravest first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from recserve.server.reading import Reading
from recserve.server.success_gap import SuccessGap

CRASH_LOOP, ERRORS, LATENCY, SUCCESS = "crash_loop", "errors", "latency", "success_rate"
KINDS = (CRASH_LOOP, ERRORS, LATENCY, SUCCESS)
"""What a rollback can be for: the label `reason` of the metric."""

IN_A_ROW = 3
"""So many readings must agree: one crash, or one stall of the machine, is no reason."""
MIN_ASKED = 20
"""Requests that make a reading worth looking at for its errors."""
MIN_TIMED = 100
"""The same for its times."""
WORSE_ERRORS = 3.0
"""So many times the errors of the version before are no reason either."""
LEAST_SECONDS = 0.1
"""A 99th percentile up to this is no reason, whatever it was before."""
MIN_USERS = 100
"""Users of a canary whose acts are worth a look."""
CERTAIN = 3.29
"""Standard errors by which the drop must be beyond the limit: one look in two thousand is wrong by
chance (a normal test), and there are many looks."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator puts up with; 0 turns a rule off."""

    error_share: float = 0.05
    """0 to 1."""
    latency_factor: float = 10.0
    """Times the 99th percentile of the version before."""
    success_drop: float = 0.1
    """Share by which the success rate may be below the stable version's, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Observed:
    """A version since it got its label, and the one that it is compared with."""

    engine_error: str = ""
    """Why its engine was given up; empty if it was not."""
    readings: Sequence[Reading] = ()
    """The newest last."""
    before: Sequence[Reading] = ()
    """Of the other version."""
    successes: SuccessGap | None = None
    """What came of a canary's answers; None where nobody has looked."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a version."""

    kind: str
    """One of `KINDS`."""
    text: str
    """For people."""


def find_fault(observed: Observed, limits: Limits) -> Fault | None:
    """Say what is wrong with a version, if it is so wrong that it must go."""
    found = (rule(observed, limits) for rule in RULES)
    return next(filter(None, found), None)


def _crash_loop(observed: Observed, _limits: Limits) -> Fault | None:
    if not observed.engine_error:
        return None
    return Fault(CRASH_LOOP, observed.engine_error)


def _errors(observed: Observed, limits: Limits) -> Fault | None:
    shares = [each.failed_share for each in observed.readings if each.asked >= MIN_ASKED]
    usual = [each.failed_share for each in observed.before if each.asked >= MIN_ASKED]
    limit = max(limits.error_share, WORSE_ERRORS * median(usual or [0.0]))
    newest = shares[-IN_A_ROW:]
    if not limits.error_share or len(newest) < IN_A_ROW or min(newest) <= limit:
        return None
    return Fault(
        ERRORS,
        f"its engine could not answer {newest[-1]:.0%} of the requests, again and again; "
        f"{limit:.0%} is the limit",
    )


def _latency(observed: Observed, limits: Limits) -> Fault | None:
    times = [each.p99_seconds for each in observed.readings if _is_timed(each)]
    usual = [each.p99_seconds for each in observed.before if _is_timed(each)]
    newest = times[-IN_A_ROW:]
    if not limits.latency_factor or len(newest) < IN_A_ROW or len(usual) < IN_A_ROW:
        return None
    limit = max(LEAST_SECONDS, limits.latency_factor * median(usual))
    if min(newest) <= limit:
        return None
    return Fault(
        LATENCY,
        f"its 99th percentile is {1000 * newest[-1]:.0f} ms, again and again; the version before "
        f"needed {1000 * median(usual):.0f} ms",
    )


def _successes(observed: Observed, limits: Limits) -> Fault | None:
    gap = observed.successes
    if gap is None or not limits.success_drop or gap.users < MIN_USERS:
        return None
    least = (1 - limits.success_drop) * gap.stable_rate
    if gap.rate + CERTAIN * gap.error >= least:
        return None
    return Fault(
        SUCCESS,
        f"something good came of {gap.rate:.2%} of its answers, and of {gap.stable_rate:.2%} of "
        f"the stable version's over the same time",
    )


def _is_timed(reading: Reading) -> bool:
    return reading.asked - reading.failed >= MIN_TIMED


RULES: tuple[Callable[[Observed, Limits], Fault | None], ...] = (
    _crash_loop,
    _errors,
    _latency,
    _successes,
)
