import pytest

from recserve.client.command.load_report import print_report
from recserve.client.load.loads import ClosedLoad, OpenLoad
from recserve.client.load.outcome import Outcome
from recserve.client.load.recorder import Recorder
from recserve.client.load.report import BenchReport, step_report


@pytest.fixture
def recorder():
    """A thousand answers of 1 ms to 1000 ms, ten of them fallbacks; three failures, one unsent."""
    recorder = Recorder(100, 110)
    for n in range(1, 1001):
        outcome = Outcome("OK", "no_model" if n <= 10 else "")
        recorder.ended(due=101, sent=101 + n / 10_000, now=101 + n / 1000, outcome=outcome)
    for code in ("UNAVAILABLE", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"):
        recorder.ended(due=105, sent=105, now=109, outcome=Outcome(code))
    recorder.missed(109)
    return recorder


def test_a_report_of_a_closed_load(recorder):
    report = step_report(ClosedLoad(8), recorder, 0.5)
    assert (report.in_flight, report.offered_rate, report.late_p99_ms) == (8, None, None)
    assert (report.seconds, report.calls, report.unsent) == (10, 1004, 1)
    assert (report.rate, report.generator_cores) == (100, 0.5)
    assert report.outcomes == {"OK": 1000, "DEADLINE_EXCEEDED": 2, "UNAVAILABLE": 1}
    assert list(report.outcomes) == ["OK", "DEADLINE_EXCEEDED", "UNAVAILABLE"]
    assert report.fallbacks == {"no_model": 10}


def test_latencies_are_those_of_the_ok_answers_in_milliseconds(recorder):
    latency = step_report(ClosedLoad(8), recorder, 0.5).latency_ms
    measured = [latency.p50, latency.p90, latency.p99, latency.p99_9, latency.max]
    assert measured == pytest.approx([500, 900, 990, 999, 1000])


def test_a_report_of_an_open_load_says_how_late_calls_were_sent(recorder):
    report = step_report(OpenLoad(250.5), recorder, 0.5)
    assert (report.in_flight, report.offered_rate) == (None, 250.5)
    assert report.late_p99_ms == pytest.approx(99, abs=0.5)


@pytest.mark.parametrize("load", [ClosedLoad(1), OpenLoad(1)])
def test_without_an_answer_there_are_no_latencies(load):
    report = step_report(load, Recorder(0, 0), 0.0)
    assert (report.latency_ms, report.late_p99_ms, report.rate) == (None, None, 0)


def test_people_are_told_what_else_is_in_the_figures(recorder, capsys):
    steps = [step_report(OpenLoad(100), recorder, 0.95), step_report(ClosedLoad(8), recorder, 0.5)]
    print_report(BenchReport(server="here", method="Feedback", interrupted=False, steps=steps))
    said = capsys.readouterr().out
    assert "100 calls/s: 99 % of the calls were sent at most 99.00 ms after they were due" in said
    assert "100 calls/s: the generator took 95% of a core, so it may be the limit" in said
    assert "8 in flight: " not in said
