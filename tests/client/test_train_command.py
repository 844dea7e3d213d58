import json

import grpc
import pytest
from click.testing import CliRunner

from client.fake_server import Failure, run_message
from recserve.client.command import main


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


def test_runs_are_listed(run, script):
    table = run("train", "list").stdout
    assert "succeeded" in table
    assert "too little data" in table
    listed = json.loads(run("train", "list", "--json", "--limit", "1").stdout)
    assert [each["number"] for each in listed] == [7]


def test_without_runs_the_list_says_how_to_start_one(run, script):
    from recserve.v1 import training_pb2

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


def test_a_label_is_moved(run, script):
    done = run("models", "label", "2", "stable")
    assert "Version 2 has stable" in done.stdout
    assert run("models", "label", "2", "best").exit_code == 2
    (request,) = script.requests["SetModelLabel"]
    assert (request.name, request.label) == ("models/-/versions/2", "stable")


def test_deleting_wants_a_yes(run, script):
    refused = run("models", "delete", "2")
    assert (refused.exit_code, "--yes" in refused.stderr) == (2, True)
    assert script.requests["DeleteModelVersion"] == []
    assert "Version 2 is deleted" in run("models", "delete", "2", "--yes").stdout
