"""Deaths that come close together are a crash loop; deaths far apart never are."""

import pytest

from recserve.server.supervisor.crash_loop import CRASHES, WINDOW_SECONDS, CrashLoop


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def die(loop: CrashLoop, clock: Clock, times: int, every: float) -> list[bool]:
    said = []
    for _ in range(times):
        clock.now += every
        said.append(loop.after_death())
    return said


def test_enough_deaths_in_a_row_are_a_crash_loop(clock: Clock) -> None:
    said = die(CrashLoop(clock), clock, CRASHES, every=10.0)
    assert said == [False] * (CRASHES - 1) + [True]


def test_deaths_that_are_far_apart_are_none_however_many(clock: Clock) -> None:
    loop = CrashLoop(clock)
    assert not any(die(loop, clock, 100, every=WINDOW_SECONDS / (CRASHES - 1)))


def test_the_window_moves_along(clock: Clock) -> None:
    loop = CrashLoop(clock)
    die(loop, clock, CRASHES - 1, every=1.0)
    clock.now += WINDOW_SECONDS
    assert die(loop, clock, CRASHES, every=1.0) == [False] * (CRASHES - 1) + [True]


def test_it_begins_anew_when_it_is_told_to(clock: Clock) -> None:
    loop = CrashLoop(clock)
    die(loop, clock, CRASHES, every=1.0)
    loop.forget()
    assert not any(die(loop, clock, CRASHES - 1, every=1.0))
