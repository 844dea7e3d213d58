"""Versions are watched for a while after they got a label."""

from typing import Any

from recserve.server.labels import CANARY, SHADOW, STABLE
from recserve.server.reading import Reading
from recserve.server.settings import Settings
from recserve.server.success_gap import SuccessGap
from recserve.server.supervisor.probation import Failed, Passed, Probation

GOOD, FAILING = Reading(200, 0, 0.01), Reading(200, 100, 0.01)


class Watched:
    """A probation with a clock that the test moves."""

    def __init__(self, **settings: Any) -> None:
        self.minutes = 0.0
        self.probation = Probation(Settings(**settings), clock=lambda: 60 * self.minutes)

    def hear(self, version: int, reading: Reading, times: int = 3) -> None:
        for _ in range(times):
            self.probation.hear({version: reading})

    def kinds(self, errors: dict[int, str] | None = None) -> list[str]:
        verdicts = self.probation.verdicts(errors or {})
        return [each.fault.kind for each in verdicts if isinstance(each, Failed)]


def test_a_new_stable_version_that_fails_goes_back_to_the_one_before() -> None:
    watched = Watched()
    watched.probation.begin(STABLE, 3, 1)
    watched.hear(3, FAILING)
    (verdict,) = watched.probation.verdicts({})
    assert isinstance(verdict, Failed)
    assert (verdict.label, verdict.version, verdict.to) == (STABLE, 3, 1)
    watched.probation.end(STABLE)
    assert watched.kinds() == []


def test_what_was_seen_before_it_got_the_label_does_not_count() -> None:
    watched = Watched()
    watched.hear(3, FAILING)
    watched.probation.begin(STABLE, 3, 1)
    assert watched.kinds() == []


def test_the_time_of_watching_ends() -> None:
    watched = Watched(rollback_minutes=10)
    watched.probation.begin(STABLE, 3, 1)
    watched.minutes = 10.1
    watched.hear(3, FAILING)
    assert watched.kinds({3: "it died"}) == []


def test_without_a_time_nothing_is_watched() -> None:
    watched = Watched(rollback_minutes=0)
    watched.probation.begin(STABLE, 3, 1)
    watched.probation.begin(CANARY, 3, 1)
    assert watched.kinds({3: "it died"}) == []


def test_the_first_version_and_a_step_back_are_not_watched() -> None:
    watched = Watched()
    watched.probation.begin(STABLE, 1, None)
    watched.hear(1, FAILING)
    assert watched.kinds() == []
    watched.probation.begin(STABLE, 1, 3)
    watched.hear(1, FAILING)
    assert watched.kinds() == []
    watched.probation.begin(SHADOW, 3, 1)
    watched.hear(3, FAILING)
    assert watched.kinds() == []


def test_a_canary_is_watched_as_long_as_it_is_one() -> None:
    watched = Watched(rollback_minutes=10)
    watched.probation.begin(CANARY, 3, 1)
    watched.minutes = 1000
    watched.hear(3, FAILING)
    assert watched.kinds() == ["errors"]


def test_a_canary_passes_after_its_time_and_enough_answers() -> None:
    watched = Watched(canary_hours=1)
    watched.probation.begin(CANARY, 3, 1)
    watched.hear(3, Reading(99, 0, 0.01), 1)
    watched.minutes = 60
    assert watched.probation.verdicts({}) == []
    watched.hear(3, GOOD, 1)
    assert watched.probation.verdicts({}) == [Passed(3)]
    assert watched.kinds({3: "it died"}) == ["crash_loop"]
    watched.probation.has_passed(CANARY)
    assert watched.probation.verdicts({}) == []
    watched.hear(3, FAILING)
    assert watched.kinds() == ["errors"]


def test_a_canary_passes_only_by_hand_unless_there_is_a_time() -> None:
    watched = Watched()
    watched.probation.begin(CANARY, 3, 1)
    watched.hear(3, GOOD)
    watched.minutes = 1e6
    assert watched.probation.verdicts({}) == []


def test_times_are_compared_with_the_version_before() -> None:
    watched = Watched()
    watched.hear(1, Reading(200, 0, 0.02))
    watched.probation.begin(STABLE, 3, 1)
    watched.hear(3, Reading(200, 0, 0.19))
    assert watched.kinds() == []
    watched.hear(3, Reading(200, 0, 0.21))
    assert watched.kinds() == ["latency"]
    watched.probation.forget({3})
    assert watched.kinds() == []


def test_a_canary_of_whose_answers_little_comes_is_none_any_more() -> None:
    watched, bad = Watched(), SuccessGap(0.05, 0.10, 0.01, 500)
    watched.probation.begin(CANARY, 3, 2)
    watched.probation.begin(STABLE, 2, 1)
    watched.probation.hear_successes(4, bad)
    assert watched.kinds() == [], "that is of another version"
    watched.probation.hear_successes(3, bad)
    (verdict,) = watched.probation.verdicts({})
    assert isinstance(verdict, Failed)
    assert (verdict.label, verdict.version, verdict.to) == (CANARY, 3, 2)
    assert "5.00% of its answers, and of 10.00%" in verdict.fault.text


def test_who_does_not_want_that_is_spared() -> None:
    watched = Watched(rollback_success_drop=0)
    watched.probation.begin(CANARY, 3, 2)
    watched.probation.hear_successes(3, SuccessGap(0.0, 0.10, 0.01, 500))
    assert watched.kinds() == []
