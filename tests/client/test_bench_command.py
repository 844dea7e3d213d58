import json
import signal
import subprocess
import sys

import click
import grpc
import pytest
from click.testing import CliRunner
from matplotlib.image import imread

from client.fake_server import Failure, bad_request
from recserve.client.command import main
from recserve.v1 import recommender_pb2

BRIEF = ("--duration", "0.3", "--warm-up", "0")


@pytest.fixture
def run(server):
    def run(*arguments, server=server.address):
        return CliRunner().invoke(main, ["--server", server, *arguments])

    return run


@pytest.fixture
def bench(run):
    """Runs `recserve bench` with JSON; gives its report."""

    def bench(*arguments):
        done = run("bench", *arguments, *BRIEF, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return bench


def measured(script, method="Recommend"):
    return [request for request in script.requests[method] if not request.validate_only]


def test_each_load_is_a_row(run):
    done = run("bench", "--in-flight", "1,4", *BRIEF)
    assert done.exit_code == 0, done.output
    assert "Recommend on localhost:" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    heads = next(row for row in rows if "p99.9" in row)
    assert heads == ["load", "calls", "OK/s", "p50", "p90", "p99", "p99.9", "max"]
    for load in ("1", "4"):
        figures, outcomes = (row for row in rows if row[:3] == [load, "in", "flight"])
        p50, p90, p99, p99_9, most = map(float, figures[5:])
        assert 0 < p50 <= p90 <= p99 <= p99_9 <= most
        assert outcomes[3:] == ["OK", figures[3], "100.00%"]
    assert done.stderr.startswith("1 in flight: 0 s to warm up, then 0.3 s\n1 in flight: ")


def test_json_has_the_figures_of_each_load(bench, server):
    report = bench("--in-flight", "2", "--in-flight", "3")
    assert (report["server"], report["method"]) == (server.address, "Recommend")
    assert not report["interrupted"]
    assert [step["in_flight"] for step in report["steps"]] == [2, 3]
    for step in report["steps"]:
        assert step["offered_rate"] is None
        assert step["seconds"] == pytest.approx(0.3)
        assert step["outcomes"] == {"OK": step["calls"]}
        assert (step["fallbacks"], step["unsent"]) == ({}, 0)
        assert 0 < step["generator_cores"] < 4
        assert list(step["latency_ms"]) == ["p50", "p90", "p99", "p99_9", "max"]


def test_without_a_load_there_are_three(bench):
    report = bench()
    assert [step["in_flight"] for step in report["steps"]] == [1, 8, 64]


def test_calls_may_arrive_at_random(bench, script):
    report = bench("--rate", "100,200.5", "--seed", "7", "--deadline", "30")
    assert [step["offered_rate"] for step in report["steps"]] == [100, 200.5]
    assert len(measured(script)) == sum(step["calls"] for step in report["steps"])
    again = bench("--rate", "100,200.5", "--seed", "7", "--deadline", "30")
    assert [step["calls"] for step in again["steps"]] == [step["calls"] for step in report["steps"]]
    assert report["steps"][0]["late_p99_ms"] > 0


def test_a_table_says_how_late_calls_were_sent(run):
    assert "ms after they were due" in run("bench", "--rate", "100", *BRIEF).stdout


def test_every_option_of_recommend_reaches_the_server(bench, script, tmp_path):
    file = tmp_path / "users.txt"
    file.write_text("anna\n\n bert \n")
    bench("recommend", "-n", "3", "--label", "canary", "--users", str(file), "--deadline", "30")
    requests = measured(script)
    assert {request.user_id for request in requests} == {"anna", "bert"}
    assert {(request.num_results, request.model_label) for request in requests} == {(3, "canary")}
    assert script.seconds_left["Recommend"][-1] == pytest.approx(30, abs=10)


def test_users_may_be_made_up(bench, script):
    bench("--users", "3", "--in-flight", "4")
    assert {request.user_id for request in measured(script)} == {"user-1", "user-2", "user-3"}


def test_feedback_stores_a_new_event_with_each_call(bench, server, script):
    report = bench(
        *("feedback", "--event-type", "rating", "--value", "4.5", "--users", "5"),
        *("--items", "2", "--in-flight", "2"),
    )
    assert report["method"] == "Feedback"
    (step,) = report["steps"]
    requests = measured(script, "Feedback")
    events = [event for request in requests for event in request.events]
    assert step["calls"] == len(events) == len({event.event_id for event in events})
    assert {event.item_id for event in events} == {"item-1", "item-2"}
    assert {(event.event_type, event.value) for event in events} == {("rating", 4.5)}


def test_feedback_says_that_it_stores_events(run, server):
    done = run("bench", "feedback", "--event-type", "click", "--items", "9", *BRIEF)
    assert done.stderr.startswith(f"Each call stores an event in the log of {server.address}.\n")
    shown = run("bench", "feedback", "--help").stdout
    assert "EACH CALL STORES AN EVENT" in shown


def test_outcomes_are_counted_by_code_and_cause(run, script):
    response = recommender_pb2.RecommendResponse(fallback=recommender_pb2.FALLBACK_NO_MODEL)
    checked = recommender_pb2.RecommendResponse()
    full = Failure(grpc.StatusCode.RESOURCE_EXHAUSTED)
    script.then("Recommend", checked, response, response, response, full, full)
    done = run("bench", "--in-flight", "1", "--duration", "1", "--warm-up", "0", "--json")
    (step,) = json.loads(done.stdout)["steps"]
    assert step["fallbacks"] == {"no_model": 3}
    assert step["outcomes"] == {"OK": step["calls"] - 2, "RESOURCE_EXHAUSTED": 2}
    script.then("Recommend", checked, response, response, response, full, full)
    rows = {
        tuple(line.split()[3:-1])
        for line in run(
            "bench", "--in-flight", "1", "--duration", "1", "--warm-up", "0"
        ).stdout.splitlines()
        if "%" in line
    }
    assert ("OK,", "by", "a", "fallback:", "no_model", "3") in rows
    assert ("RESOURCE_EXHAUSTED", "2") in rows


def test_if_no_call_succeeds_it_exits_1_and_shows_why(run, script):
    failing = recommender_pb2.RecommendResponse(), *[Failure(grpc.StatusCode.INTERNAL)] * 9999
    script.then("Recommend", *failing)
    done = run("bench", "--in-flight", "1", *BRIEF)
    assert done.exit_code == 1
    assert "INTERNAL" in done.stdout
    assert "100.00%" in done.stdout
    assert done.stderr.endswith("Error: no call succeeded\n")


def test_an_unreachable_server_is_one_clear_line_and_exit_1(run):
    done = run("bench", server="localhost:1")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: no answer from localhost:1; is `recserve-server serve`")


def test_requests_that_the_server_refuses_are_told_before_any_load(run, script):
    details = [bad_request(**{"events[0].event_type": "must be one of view"})]
    script.then("Feedback", Failure(grpc.StatusCode.INVALID_ARGUMENT, "1 wrong field", details))
    done = run("bench", "feedback", "--event-type", "click", "--items", "9", *BRIEF)
    assert done.exit_code == 1
    assert "events[0].event_type: must be one of view" in done.stderr
    (checked,) = script.requests["Feedback"]
    assert checked.validate_only


def test_a_server_that_is_full_can_be_measured(bench, script):
    script.then("Recommend", Failure(grpc.StatusCode.RESOURCE_EXHAUSTED))
    assert bench("--in-flight", "1")["steps"][0]["latency_ms"]["p50"] > 0


def test_each_connection_is_checked_and_used(bench, script):
    bench("--connections", "3", "--in-flight", "3")
    checked = [request for request in script.requests["Recommend"] if request.validate_only]
    assert len(checked) == 3


def test_the_token_goes_with_each_call(run, script):
    done = run("--token", "secret", "--allow-insecure-token", "bench", *BRIEF)
    assert done.exit_code == 0, done.output
    tokens = {metadata.get("authorization") for metadata in script.metadata["Recommend"]}
    assert tokens == {"Bearer secret"}


def test_a_plot_is_drawn(run, tmp_path):
    path = tmp_path / "latency.png"
    done = run("bench", "--in-flight", "1,2", *BRIEF, "--plot", str(path))
    assert done.exit_code == 0, done.output
    assert f"The plot is in {path}." in done.stderr
    height, width, *_ = imread(path).shape
    assert (width, height) == (1536, 576)


def test_a_plot_that_cannot_be_saved_costs_no_figures(run, tmp_path):
    path = tmp_path / "latency.png"
    path.symlink_to(tmp_path / "no-such-folder" / "latency.png")
    done = run("bench", "--in-flight", "1", *BRIEF, "--plot", str(path))
    assert done.exit_code == 1
    assert "1 in flight" in done.stdout
    assert "Error: the plot could not be saved: " in done.stderr


def test_without_an_answer_there_is_no_plot(run, script, tmp_path):
    failing = recommender_pb2.RecommendResponse(), *[Failure(grpc.StatusCode.INTERNAL)] * 9999
    script.then("Recommend", *failing)
    path = tmp_path / "latency.png"
    done = run("bench", "--in-flight", "1", *BRIEF, "--plot", str(path))
    assert done.exit_code == 1
    assert "There is no plot: no call succeeded." in done.stderr
    assert not path.exists()


def test_if_no_call_was_due_it_says_so(run):
    done = run("bench", "--rate", "0.001", *BRIEF)
    assert done.exit_code == 1
    assert done.stderr.endswith("Error: no call was due: raise --rate or --duration\n")


def test_a_plot_without_matplotlib_is_told_before_any_load(run, script, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.backend_bases", None)
    done = run("bench", *BRIEF, "--plot", str(tmp_path / "latency.png"))
    assert done.exit_code == 1
    assert "pip install 'recserve[plot]'" in done.stderr
    assert not script.requests["Recommend"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--in-flight", "0"],
        ["--in-flight", "1,x"],
        ["--rate", "0"],
        ["--rate", "nan"],
        ["--rate", "10", "--in-flight", "1"],
        ["--duration", "0"],
        ["--warm-up", "nan"],
        ["--deadline", "0"],
        ["--users", "0"],
        ["--users", "no-such-file"],
        ["--plot", "latency.txt"],
        ["feedback", "--items", "9"],
        ["feedback", "--event-type", "click"],
        ["similar"],
    ],
)
def test_wrong_usage_exits_2(run, script, arguments):
    done = run("bench", *arguments)
    assert done.exit_code == 2, done.output
    assert "Error: " in done.stderr
    assert not script.requests["Recommend"]


def test_a_terminal_gets_a_bar_for_each_load(server, monkeypatch):
    @click.command()
    def command():
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        main.main(
            ["--server", server.address, "bench", "--in-flight", "1,2", *BRIEF],
            standalone_mode=False,
        )

    done = CliRunner(env={"COLUMNS": "100"}).invoke(command)
    assert done.exit_code == 0, done.output
    for words in ("1 in flight", "2 in flight", "OK/s"):
        assert words in done.stderr
    assert "to warm up" not in done.stderr


def test_who_interrupts_sees_what_was_measured(server, script):
    program = "from recserve.client.command import main; main()"
    arguments = ["--server", server.address, "bench", "--in-flight", "1", "--warm-up", "0"]
    bench = subprocess.Popen(
        [sys.executable, "-c", program, *arguments, "--duration", "600", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with bench:
        try:
            script.wait_for("Recommend", 4)  # the check, two with an answer, and one more
            bench.send_signal(signal.SIGINT)
            out, err = bench.communicate(timeout=60)
        finally:
            bench.kill()
    assert bench.returncode == 130, err
    report = json.loads(out)
    assert report["interrupted"]
    (step,) = report["steps"]
    assert step["outcomes"]["OK"] >= 2
    assert step["seconds"] < 600
    assert err.endswith("Interrupted; this is what was measured until then.\n")


def test_help_teaches(run):
    shown = run("bench", "--help").stdout
    for words in ("closed loop", "open loop", "h2load", "Python", "recserve bench feedback"):
        assert words in shown
    shown = run("bench", "recommend", "--help").stdout
    for words in ("--in-flight", "Poisson", "user-1 to user-N", "popularity"):
        assert words in shown
