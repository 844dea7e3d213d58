"""In virtual time: what takes a second here takes none, and exactly a second."""

import asyncio

import pytest

from client import virtual_time
from recserve.client.load.loops import closed_loop, open_loop
from recserve.client.load.outcome import Outcome
from recserve.client.load.recorder import Recorder


class Server:
    """Takes so long for each call, the last time again and again."""

    def __init__(self, *seconds, outcome=Outcome("OK")):  # noqa: B008 - it is frozen
        self._seconds = list(seconds)
        self._outcome = outcome
        self.in_flight = self.most_in_flight = 0
        self.deadlines = []

    async def __call__(self, deadline):
        self.deadlines.append(deadline)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(self._seconds.pop(0) if self._seconds[1:] else self._seconds[0])
        self.in_flight -= 1
        return self._outcome


def closed(server, in_flight, recorder):
    loop = closed_loop(server, in_flight, deadline=9, recorder=recorder, clock=virtual_time.clock())
    virtual_time.run(loop)
    return recorder


def opened(server, due_times, recorder, *, most_in_flight=100, deadline=9.0):
    loop = open_loop(
        server,
        due_times,
        most_in_flight=most_in_flight,
        deadline=deadline,
        recorder=recorder,
        clock=virtual_time.clock(),
    )
    virtual_time.run(loop)
    return recorder


def test_a_closed_loop_keeps_so_many_calls_in_flight():
    server = Server(0.125)
    recorder = closed(server, 3, Recorder(0, 1))
    assert (server.most_in_flight, server.in_flight) == (3, 0)
    assert (recorder.calls, recorder.codes["OK"]) == (24, 24)
    assert list(recorder.latencies) == pytest.approx([0.125] * 24)
    assert set(server.deadlines) == {9}


def test_the_warm_up_is_not_measured():
    recorder = closed(Server(0.25), 1, Recorder(2, 3))
    assert (recorder.calls, len(recorder.latencies)) == (4, 4)


def test_answers_are_counted_where_they_came():
    """The first was asked for in the warm-up; the last came after the end."""
    recorder = closed(Server(0.4), 1, Recorder(0.2, 1))
    assert recorder.answered == 2  # at 0.4 and 0.8
    assert recorder.rate == pytest.approx(2.5)
    assert len(recorder.latencies) == 2  # due at 0.4 and 0.8


def test_failures_are_counted_and_have_no_latency():
    recorder = closed(Server(0.25, outcome=Outcome("UNAVAILABLE")), 1, Recorder(0, 1))
    assert recorder.codes == {"UNAVAILABLE": 4}
    assert (recorder.rate, len(recorder.latencies)) == (0, 0)


def test_an_open_loop_does_not_wait_for_answers():
    server = Server(1)
    recorder = opened(server, [0.125 * n for n in range(4)], Recorder(0, 1))
    assert server.most_in_flight == 4
    assert list(recorder.latencies) == pytest.approx([1] * 4)


def test_latency_counts_from_when_a_call_was_due():
    """One stall of a second: those who had to wait for it are in the figures."""
    recorder = opened(Server(1, 0.25), [0, 0.5, 3], Recorder(0, 9), most_in_flight=1)
    assert list(recorder.latencies) == pytest.approx([1, 0.75, 0.25])
    assert list(recorder.lateness) == pytest.approx([0, 0.5, 0])


def test_the_deadline_counts_from_when_a_call_was_due():
    server = Server(1, 0.25)
    opened(server, [0, 0.5], Recorder(0, 9), most_in_flight=1, deadline=2)
    assert server.deadlines == pytest.approx([2, 1.5])


def test_what_could_not_be_sent_in_time_is_counted():
    server = Server(1, 0.25)
    recorder = opened(server, [0, 0.1, 0.2, 0.9], Recorder(0, 9), most_in_flight=1, deadline=0.5)
    assert recorder.unsent == 2
    assert recorder.calls == 4
    assert len(server.deadlines) == 2


def test_an_open_loop_measures_what_is_due_in_the_window():
    recorder = opened(Server(0.25, 0.75), [0.5, 1.5, 2.5], Recorder(1, 2))
    assert (recorder.calls, recorder.answered) == (1, 0)
    assert list(recorder.latencies) == pytest.approx([0.75])


def test_a_window_that_is_stopped_early_is_as_long_as_it_was():
    recorder = Recorder(1, 10)
    recorder.stop(3)
    assert recorder.seconds == 2
    recorder.stop(5)
    assert recorder.seconds == 2


def test_a_window_that_is_stopped_in_the_warm_up_is_empty():
    recorder = Recorder(1, 10)
    recorder.stop(0.5)
    assert (recorder.seconds, recorder.rate, recorder.calls) == (0, 0, 0)
