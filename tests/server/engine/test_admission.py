"""An engine takes what it is likely to answer in time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recserve.server.engine.admission import TRUSTED, Admission
from recserve.server.engine.contract import EngineDeadlineExceeded, EngineOverloaded, Ranking

FOR_EVER = float("inf")


def answered(requests: int, seconds: float) -> Ranking:
    return Ranking((), (), 0.0, seconds, requests)


def measured(**limits: float) -> Admission:
    """One batch of 1 takes 10 ms, and one of 4, which is full, takes 20 ms."""
    settings = {"max_waiting": 100, "max_wait_seconds": 1.0, "max_batch": 4} | limits
    admission = Admission(**settings)  # type: ignore[arg-type]
    admission.observe(answered(1, 0.010))
    admission.observe(answered(4, 0.020))
    return admission


def test_before_any_measurement_everything_is_taken_up_to_the_number() -> None:
    admission = Admission(max_waiting=2)
    admission.check(0, 1e-9)
    admission.check(1, 1e-9)
    with pytest.raises(EngineOverloaded):
        admission.check(2, FOR_EVER)


@pytest.mark.parametrize(
    ("waiting", "seconds"),
    [
        (0, 0.010),  # its own batch
        (3, 0.020 + 0.010),  # one full batch with it, and half of the one under way
        (4, 0.020 + 0.010 + 0.010),  # a full one before it
        (7, 2 * 0.020 + 0.010),
        (39, 10 * 0.020 + 0.010),
    ],
)
def test_the_wait_is_that_of_the_batches_before(waiting: int, seconds: float) -> None:
    assert measured().predict(waiting) == pytest.approx(seconds)


def test_who_has_less_time_than_one_batch_takes_is_told_so() -> None:
    measured().check(0, 0.011)
    with pytest.raises(EngineDeadlineExceeded):
        measured().check(0, 0.010)


def test_who_would_be_answered_too_late_is_refused_with_a_time_to_come_back() -> None:
    admission = measured()
    admission.check(39, 0.22 / TRUSTED)
    with pytest.raises(EngineOverloaded) as refused:
        admission.check(39, 0.20 / TRUSTED)
    assert refused.value.retry_seconds == pytest.approx(0.105)


def test_nobody_waits_longer_than_the_limit_however_much_time_there_is() -> None:
    admission = measured(max_wait_seconds=0.1)
    admission.check(10, FOR_EVER)
    with pytest.raises(EngineOverloaded):
        admission.check(39, FOR_EVER)


def test_an_engine_that_becomes_slow_is_noticed_and_one_that_recovers_too() -> None:
    admission = measured()
    for _ in range(30):
        admission.observe(answered(1, 0.5))
    with pytest.raises(EngineDeadlineExceeded):
        admission.check(0, 0.4)
    for _ in range(30):
        admission.observe(answered(1, 0.010))
    admission.check(0, 0.02)


@pytest.mark.parametrize("seconds_left", [0.2, FOR_EVER])
def test_one_very_slow_batch_does_not_shut_an_idle_engine_off_for_ever(seconds_left: float) -> None:
    admission = measured()
    admission.observe(answered(1, 6.0))
    refused = 0
    for _ in range(100):
        try:
            admission.check(0, seconds_left)
        except (EngineDeadlineExceeded, EngineOverloaded):
            refused += 1
        else:
            break
    assert 0 < refused < 100


def test_a_size_that_was_slow_once_is_taken_again_after_quicker_batches_of_others() -> None:
    admission = measured()
    for _ in range(4):  # all answers of one batch
        admission.observe(answered(4, 6.0))
    with pytest.raises(EngineOverloaded):
        admission.check(3, FOR_EVER)
    admission.observe(answered(3, 0.018))
    admission.check(3, FOR_EVER)


def test_a_slow_first_answer_does_not_keep_the_next_batch_out() -> None:
    admission = Admission(max_wait_seconds=1.0)
    admission.observe(answered(1, 0.030))
    for waiting in range(64):
        admission.check(waiting, FOR_EVER)


@given(st.lists(st.tuples(st.integers(1, 64), st.floats(1e-4, 1)), min_size=1))
def test_more_before_it_never_means_a_shorter_wait_than_nothing(
    answers: list[tuple[int, float]],
) -> None:
    admission = Admission(max_waiting=1000)
    for requests, seconds in answers:
        admission.observe(answered(requests, seconds))
    assert admission.predict(0) > 0
    assert all(admission.predict(waiting) > 0 for waiting in (1, 10, 63, 64, 500))
