"""The wait doubles with every death in a row, up to a limit, for ever."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from recserve.server.supervisor.backoff import (
    FIRST_SECONDS,
    HEALTHY_SECONDS,
    LONGEST_SECONDS,
    Backoff,
)


def test_the_first_death_costs_little_and_each_further_one_twice_as_much() -> None:
    backoff = Backoff()
    waits = [backoff.after_death(1.0) for _ in range(4)]
    assert waits == [FIRST_SECONDS * 2**n for n in range(4)]


def test_a_crash_loop_of_weeks_waits_the_longest_time() -> None:
    backoff = Backoff()
    waits = [backoff.after_death(0.0) for _ in range(5_000)]
    assert waits[-1] == LONGEST_SECONDS
    assert all(before <= after for before, after in pairwise(waits))


def test_the_longest_wait_can_be_another_one() -> None:
    backoff = Backoff(600.0)
    assert [backoff.after_death(1.0) for _ in range(2_000)][-1] == 600.0


def test_who_lived_long_begins_anew() -> None:
    backoff = Backoff()
    for _ in range(9):
        backoff.after_death(0.0)
    assert backoff.after_death(HEALTHY_SECONDS) == FIRST_SECONDS


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_every_wait_is_within_the_limits(lives: list[float]) -> None:
    backoff = Backoff()
    waits = [backoff.after_death(lived) for lived in lives]
    assert all(FIRST_SECONDS <= wait <= LONGEST_SECONDS for wait in waits)
