import json

import grpc
import pytest
from click.testing import CliRunner

from client.fake_server import Failure, progress_message, run_message, version_message
from recserve.client.command import main
from recserve.v1 import model_pb2, promotion_pb2, training_pb2


@pytest.fixture
def run(server):
    def run(*arguments):
        return CliRunner().invoke(main, ["--server", server.address, *arguments])

    return run


def test_train_follows_its_run_and_prints_what_it_made(run):
    done = run("train")
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines() == [
        "Training run 7.",
        "retrieval",
        "retrieval: epoch 1/9, loss 6.5000",
        "retrieval: epoch 2/9, loss 3.2500",
    ]
    assert "It made version 2" in done.stdout
    assert "ndcg@10" in done.stdout
    assert "popularity" in done.stdout


def test_a_version_that_is_not_promoted_says_why(run, server):
    server.training.news[-1].model_version.unpromoted_reason = "its ndcg@10 is too low"
    done = run("train")
    assert "It is not promoted: its ndcg@10 is too low." in done.stdout
    assert "recserve models label 2 stable" in done.stdout


def test_every_option_reaches_the_server(run, script):
    done = run(
        *("train", "start", "--mode", "warm-start", "--since", "2025-01-01", "--until", "1.8e9"),
        *("--base-version", "3", "--promotion", "canary", "--model", "default"),
        *("--set", "hidden_layers=64,32", "--set", "dropout=0.5", "--set", "max_epochs=5"),
    )
    assert done.exit_code == 0, done.output
    (request,) = script.requests["Train"]
    assert request.event_log.start_time.ToJsonString() == "2025-01-01T00:00:00Z"
    assert request.event_log.end_time.seconds == 1_800_000_000
    assert (request.base_version, request.model) == (3, "default")
    assert list(request.hyper_parameters.hidden_layers) == [64, 32]
    assert request.hyper_parameters.dropout == 0.5
    assert request.hyper_parameters.max_epochs == 5
    assert (request.mode, request.promotion) == (2, 4)


def test_a_terminal_gets_a_bar_for_each_stage(on_a_terminal, server):
    server.training.news.insert(1, progress_message("export", step=10, max_steps=100))
    server.training.news[3].progress.seconds_left = 75
    done = on_a_terminal("train")
    assert done.exit_code == 0, done.output
    for word in ("export", "retrieval", "2/9, loss 3.2500, at most 75 s left"):
        assert word in done.stderr
    assert "It made version 2" in done.stdout


def test_who_interrupts_is_told_how_to_go_on(run, script, monkeypatch):
    def interrupted(_statuses):
        raise KeyboardInterrupt

    monkeypatch.setattr("recserve.client.command.train.shown", interrupted)
    done = run("train")
    assert done.exit_code == 130
    assert "The run goes on: `recserve train watch 7`" in done.stderr
    assert "`recserve train cancel 7` ends it" in done.stderr
    assert script.requests["CancelTrainingRun"] == []


def test_metrics_are_beside_those_of_the_stable_version_of_then(run, server, script):
    version = server.training.news[-1].model_version
    version.training_run = "models/default/trainingRuns/7"
    version.promotion = promotion_pb2.PROMOTION_IF_BETTER
    version.evaluation.stable_version = 1
    version.evaluation.metrics[0].stable = 0.25
    script.then("GetModelVersion", version)
    for shown in (run("train").stdout, run("models", "show", "2").stdout):
        heads = next(line.split() for line in shown.splitlines() if "popularity" in line)
        assert heads == ["metric", "version", "2", "popularity", "version", "1"]
        rows = {words[0]: words[1:] for words in map(str.split, shown.splitlines()) if words}
        assert rows["ndcg@10"] == ["0.3100", "0.1200", "0.2500"]
        assert rows["coverage@10"] == ["0.4000", "-", "-"]
    assert rows["training"] == ["run", "models/default/trainingRuns/7"]
    assert rows["promotion"] == ["if-better"]
    assert rows["trained"][0] == "warm-start"


def test_where_nothing_was_measured_there_are_no_metrics(run, script):
    script.then("GetModelVersion", model_pb2.ModelVersion(version=2))
    assert "popularity" not in run("models", "show", "2").stdout


def test_options_without_start_are_of_start(run, script):
    assert run("train", "--dataset", "data", "--detach").exit_code == 0
    assert script.requests["Train"][0].dataset_path == "data"
    assert script.requests["WatchTrainingRun"] == []


def test_a_detached_run_is_named(run):
    assert "recserve train watch 7" in run("train", "--detach").stdout
    assert json.loads(run("train", "--detach", "--json").stdout)["number"] == 7


def test_train_prints_json_and_its_progress_beside_it(run):
    done = run("train", "--json")
    status = json.loads(done.stdout)
    assert (status["state"], status["model_version"]["version"]) == ("succeeded", 2)
    assert "retrieval" in done.stderr


def test_a_failed_run_is_printed_as_json_all_the_same(run, server):
    server.training.news[-1] = run_message("FAILED", error="no events")
    done = run("train", "--json")
    assert (done.exit_code, json.loads(done.stdout)["state"]) == (1, "failed")


def test_a_loss_that_is_no_number_is_null(run, script):
    script.then("GetTrainingRun", progress_message("ranking", loss=float("nan")))
    assert json.loads(run("train", "show", "7", "--json").stdout)["progress"]["loss"] is None


def test_eight_digits_are_a_date(run, script):
    run("train", "--since", "20250101", "--until", "2025-02-01", "--detach")
    times = script.requests["Train"][0].event_log
    assert times.start_time.ToJsonString() == "2025-01-01T00:00:00Z"
    assert times.end_time.ToJsonString() == "2025-02-01T00:00:00Z"


def test_a_pass_whose_end_was_not_heard_has_its_own_metrics(run, server):
    server.training.news[2].progress.holdout_metrics.add(name="validation_ndcg@10", value=0.25)
    server.training.news.insert(
        3, progress_message("retrieval", epoch=3, max_epochs=9, step=21, max_steps=90, loss=3.0)
    )
    server.training.news[3].progress.holdout_metrics.add(name="validation_ndcg@10", value=0.5)
    done = run("train")
    assert "retrieval: epoch 2/9, loss 3.2500, validation ndcg@10 0.5000" in done.stderr


def test_a_failed_run_is_an_error_with_its_reason(run, server):
    server.training.news[-1] = run_message("FAILED", error="the event log has no events")
    done = run("train")
    assert done.exit_code == 1
    assert "Error: training run 7 failed: the event log has no events" in done.stderr


def test_a_wrong_command_or_value_is_wrong_usage(run, script):
    for words, said in (
        (("train", "lst"), "No such command 'lst'"),
        (("train", "--set", "max_epochs"), "is not NAME=VALUE"),
        (("train", "--set", "epochs=3"), "there is no hyper-parameter 'epochs'"),
        (("train", "--since", "yesterday"), "--since"),
        (("train", "--since", "2025-13-01"), "--since"),
        (("train", "--mode", "quick"), "--mode"),
    ):
        done = run(*words)
        assert done.exit_code == 2, words
        assert said in done.stderr
    assert script.requests["Train"] == []


def test_help_is_of_the_group(run):
    done = run("train", "--help")
    assert done.exit_code == 0
    for word in ("start", "list", "show", "watch", "cancel"):
        assert word in done.stdout


def test_a_run_that_the_server_began_by_itself_says_why(run, script):
    begun = run_message("SUCCEEDED", trigger="500 new events")
    script.then("GetTrainingRun", begun)
    assert "the server: 500 new events" in run("train", "show", "7").stdout
    script.then("ListTrainingRuns", training_pb2.ListTrainingRunsResponse(training_runs=[begun]))
    table = " ".join(run("train", "list").stdout.split())
    assert "[by itself:" in table
    script.then("GetTrainingRun", begun)
    assert json.loads(run("train", "show", "7", "--json").stdout)["trigger"] == "500 new events"


def test_a_version_says_why_it_is_not_promoted_or_was_rolled_back(run, script):
    shown = run("models", "show", "2").stdout
    assert "rolled back" not in shown
    assert "not promoted" not in shown
    version = version_message(2)
    version.unpromoted_reason, version.rollback_reason = "too low", "too slow"
    script.then("GetModelVersion", version)
    shown = run("models", "show", "2").stdout
    assert "too low" in shown
    assert "too slow" in shown


def test_runs_are_listed(run, script):
    table = run("train", "list").stdout
    assert "succeeded" in table
    assert "too little data" in table
    listed = json.loads(run("train", "list", "--json", "--limit", "1").stdout)
    assert [each["number"] for each in listed] == [7]


def test_without_runs_the_list_says_how_to_start_one(run, script):
    script.then("ListTrainingRuns", training_pb2.ListTrainingRunsResponse())
    assert "`recserve train` starts one" in run("train", "list").stdout


def test_a_run_is_shown_watched_and_cancelled(run, script):
    shown = run("train", "show", "7")
    assert shown.exit_code == 0, shown.output
    assert "the event log" in shown.stdout
    assert "ndcg@10" in shown.stdout
    assert json.loads(run("train", "show", "7", "--json").stdout)["name"].endswith("/7")
    assert "It made version 2" in run("train", "watch", "7").stdout
    assert "Training run 7 is cancelled" in run("train", "cancel", "7").stdout
    failure = Failure(grpc.StatusCode.FAILED_PRECONDITION, "training run 7 has failed already")
    script.then("CancelTrainingRun", failure)
    done = run("train", "cancel", "7")
    assert (done.exit_code, "has failed already" in done.stderr) == (1, True)


def test_what_a_run_said_is_printed(run, script):
    message = run_message("FAILED")
    for second, text in ((1, "begins"), (2, "epoch 1/9, loss 6.5000"), (3, "failed: no events")):
        message.log_entries.add(stage="retrieval", text=text).time.seconds = second
    script.then("GetTrainingRun", message, message)
    assert run("train", "logs", "7").stdout.splitlines() == [
        "1970-01-01 00:00:01 UTC  retrieval  begins",
        "1970-01-01 00:00:02 UTC  retrieval  epoch 1/9, loss 6.5000",
        "1970-01-01 00:00:03 UTC  retrieval  failed: no events",
    ]
    printed = json.loads(run("train", "logs", "7", "--json").stdout)
    assert [line["text"] for line in printed][-1] == "failed: no events"


def test_a_label_is_moved(run, script):
    done = run("models", "label", "2", "stable")
    assert "Version 2 has the label stable" in done.stdout
    assert "no version has the label canary now" in run("models", "label", "2", "canary").stdout
    assert run("models", "label", "2", "best").exit_code == 2
    request, _ = script.requests["SetModelLabel"]
    assert (request.name, request.label) == ("models/-/versions/2", "stable")


def test_deleting_wants_a_yes(run, script):
    refused = run("models", "delete", "2")
    assert (refused.exit_code, "--yes" in refused.stderr) == (2, True)
    assert script.requests["DeleteModelVersion"] == []
    assert "Version 2 is deleted" in run("models", "delete", "2", "--yes").stdout


def test_a_terminal_is_asked_before_deleting(on_a_terminal, script):
    assert "Version 2 is deleted" in on_a_terminal("models", "delete", "2", typed="y\n").stdout
    on_a_terminal("models", "delete", "2", typed="n\n")
    assert len(script.requests["DeleteModelVersion"]) == 1
