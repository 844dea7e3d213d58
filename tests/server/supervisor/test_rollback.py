"""When a version is rolled back, as a table of what was seen of it."""

import pytest

from recserve.server.reading import Reading
from recserve.server.success_gap import SuccessGap
from recserve.server.supervisor.rollback import (
    CRASH_LOOP,
    ERRORS,
    LATENCY,
    SUCCESS,
    Limits,
    Observed,
    find_fault,
)


def seen(
    *, asked: int = 200, failed: int = 0, ms: float = 10.0, times: int = 3
) -> tuple[Reading, ...]:
    return (Reading(asked, failed, ms / 1000),) * times


GOOD, FAILING, SLOW = seen(), seen(failed=20), seen(ms=500)

CASES: dict[str, tuple[Observed, str | None]] = {
    "nothing was seen": (Observed(), None),
    "all is well": (Observed(readings=GOOD, before=GOOD), None),
    "its engine was given up": (Observed(engine_error="it died"), CRASH_LOOP),
    "that goes before all else": (Observed("it died", FAILING, GOOD), CRASH_LOOP),
    "errors": (Observed(readings=FAILING, before=GOOD), ERRORS),
    "errors of a version that nothing was seen of before": (Observed(readings=FAILING), ERRORS),
    "errors up to the limit": (Observed(readings=seen(failed=10), before=GOOD), None),
    "errors twice in a row": (Observed(readings=seen(failed=20, times=2)), None),
    "errors with a good moment between": (Observed(readings=FAILING[:2] + GOOD[:1]), None),
    "errors, after a good time": (Observed(readings=GOOD + FAILING), ERRORS),
    "errors that are over": (Observed(readings=FAILING + GOOD), None),
    "errors of a few requests": (Observed(readings=seen(asked=19, failed=19)), None),
    "quiet moments between do not count": (
        Observed(readings=(FAILING[0], Reading(1, 0, 0.0), *FAILING[:2])),
        ERRORS,
    ),
    "errors that the version before had too": (
        Observed(readings=FAILING, before=seen(failed=8)),
        None,
    ),
    "the moment when the version before was loaded is not what was usual": (
        Observed(readings=FAILING, before=seen(failed=200, times=1) + GOOD),
        ERRORS,
    ),
    "many times slower": (Observed(readings=SLOW, before=GOOD), LATENCY),
    "slow in one moment": (Observed(readings=GOOD[:2] + SLOW[:1], before=GOOD), None),
    "slow, and so was the version before": (Observed(readings=SLOW, before=seen(ms=60)), None),
    "slow beside what nobody knows": (Observed(readings=SLOW, before=GOOD[:2]), None),
    "many times slower, and still quick": (
        Observed(readings=seen(ms=99), before=seen(ms=1)),
        None,
    ),
    "little comes of its answers": (Observed(successes=SuccessGap(0.05, 0.10, 0.01, 100)), SUCCESS),
    "little, but that may be chance": (Observed(successes=SuccessGap(0.05, 0.10, 0.02, 100)), None),
    "a little less than of the stable version's": (
        Observed(successes=SuccessGap(0.095, 0.10, 0.001, 100_000)),
        None,
    ),
    "little, of a few users": (Observed(successes=SuccessGap(0.05, 0.10, 0.01, 99)), None),
    "more than of the stable version's": (
        Observed(successes=SuccessGap(0.2, 0.1, 0.01, 999)),
        None,
    ),
    "of one user": (Observed(successes=SuccessGap(0.0, 0.1, float("inf"), 100)), None),
    "slow for a few": (Observed(readings=seen(asked=99, ms=500), before=GOOD), None),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong(case: str) -> None:
    observed, kind = CASES[case]
    fault = find_fault(observed, Limits(error_share=0.05, latency_factor=10))
    assert (None if fault is None else fault.kind) == kind


def test_a_rule_can_be_turned_off() -> None:
    assert find_fault(Observed(readings=FAILING, before=GOOD), Limits(error_share=0)) is None
    assert find_fault(Observed(readings=SLOW, before=GOOD), Limits(latency_factor=0)) is None


def test_the_text_has_the_figures() -> None:
    fault = find_fault(Observed(readings=FAILING, before=GOOD), Limits())
    assert fault is not None
    assert "could not answer 10% of the requests" in fault.text
    assert "5% is the limit" in fault.text
    fault = find_fault(Observed(readings=SLOW, before=GOOD), Limits())
    assert fault is not None
    assert "500 ms" in fault.text
    assert "10 ms" in fault.text
