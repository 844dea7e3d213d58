import threading

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.fake_server import Failure, FakeServer, error_info, retry_info
from recserve.client import (
    Client,
    Clock,
    DeadlineExceeded,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    RetryPolicy,
    Settings,
    Unavailable,
)

UNAVAILABLE = Failure(grpc.StatusCode.UNAVAILABLE, "draining", [error_info("DRAINING")])


def over_capacity(seconds):
    details = [error_info("OVER_CAPACITY"), retry_info(seconds)]
    return Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "full", details)


def test_a_server_that_comes_back_is_found_by_a_retry(client, script, clock):
    script.then("Recommend", UNAVAILABLE, UNAVAILABLE)
    assert client.recommend("u").model_version == 3
    assert len(script.requests["Recommend"]) == 3
    assert clock.waits == pytest.approx([0.5 * 0.05, 0.5 * 0.1])


def test_an_overloaded_server_is_left_alone_as_long_as_it_says(client, script, clock):
    script.then("Recommend", over_capacity(0.25))
    client.recommend("u")
    assert clock.waits == pytest.approx([0.25 + 0.5 * 0.05])


def test_no_retry_begins_after_the_deadline(client, script, clock):
    script.then("Recommend", over_capacity(2.0))
    with pytest.raises(ResourceExhausted, match="full"):
        client.recommend("u", timeout=1.0)
    assert len(script.requests["Recommend"]) == 1
    assert clock.waits == []


def test_retries_end_within_the_deadline(client, script, clock):
    script.then("Recommend", *[UNAVAILABLE] * 100)
    with pytest.raises(Unavailable):
        client.recommend("u", timeout=1.0)
    assert 0.5 < sum(clock.waits) < 1.0


def test_attempts_are_limited(make_client, script):
    client = make_client(settings=Settings(retry=RetryPolicy(max_attempts=2)))
    script.then("Feedback", *[UNAVAILABLE] * 3)
    with pytest.raises(Unavailable):
        client.feedback("u", "i", "click")
    assert len(script.requests["Feedback"]) == 2


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "NOT_FOUND", "INTERNAL", "ABORTED"])
def test_what_would_fail_again_is_not_tried_again(client, script, code):
    script.then("Recommend", Failure(grpc.StatusCode[code]))
    with pytest.raises(Exception, match="it failed"):
        client.recommend("u")
    assert len(script.requests["Recommend"]) == 1


def test_a_message_that_is_too_large_is_not_tried_again(client, script):
    script.then("Recommend", Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "message too large"))
    with pytest.raises(ResourceExhausted) as caught:
        client.recommend("u")
    assert caught.value.retry_after is None
    assert len(script.requests["Recommend"]) == 1


def test_running_out_of_time_after_a_retry_says_what_was_wrong_before(client, script):
    script.then("Recommend", UNAVAILABLE, Failure(grpc.StatusCode.DEADLINE_EXCEEDED, "too late"))
    with pytest.raises(DeadlineExceeded) as caught:
        client.recommend("u")
    assert isinstance(caught.value.__cause__, Unavailable)


@given(attempt=st.integers(1, 10**6), chance=st.floats(0, 1, exclude_max=True))
def test_waits_stay_between_zero_and_the_bound(attempt, chance):
    policy = RetryPolicy(max_attempts=None)
    delay = policy.delay(Unavailable("gone"), attempt, chance)
    assert 0 <= delay <= policy.max_backoff
    error = ResourceExhausted("full", retry_after=3.0)
    assert 3.0 <= policy.delay(error, attempt, chance) <= 3.0 + policy.max_backoff
    assert policy.delay(NotFound("no"), attempt, chance) is None
    assert policy.delay(InvalidArgument("no"), attempt, chance) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_attempts": 0},
        {"initial_backoff": 0},
        {"initial_backoff": 3, "max_backoff": 2},
        {"multiplier": 0.5},
    ],
)
def test_a_policy_out_of_range_is_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        RetryPolicy(**wrong)


def test_a_server_that_starts_later_is_found_within_the_deadline(request):
    with FakeServer() as earlier:
        address = earlier.address
    started = []

    def sleep(seconds):  # the server starts during the first wait
        if not started:
            started.append(FakeServer(address).__enter__())
            request.addfinalizer(lambda: started[0].__exit__())
        threading.Event().wait(seconds)

    with Client(address, clock=Clock(sleep=sleep)) as client:
        assert client.recommend("u", timeout=30).model_version == 3
    assert started
