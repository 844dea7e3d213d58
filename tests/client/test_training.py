from datetime import UTC, datetime

import grpc
import pytest

from client.fake_server import Failure, error_info, progress_message, run_message
from recserve.client import (
    Aborted,
    ClientClosed,
    DeadlineExceeded,
    FailedPrecondition,
    Metric,
    NotFound,
    Promotion,
    TrainingCancelled,
    TrainingFailed,
    TrainingMode,
    TrainingRunState,
)
from recserve.v1 import model_pb2, promotion_pb2, training_pb2

UNAVAILABLE = Failure(grpc.StatusCode.UNAVAILABLE, "gone")


def test_train_sends_everything_that_was_chosen(client, script):
    run = client.train(
        mode="warm-start",
        start_time=datetime(2026, 1, 1, tzinfo=UTC),
        end_time=2e9,
        base_version=3,
        hyper_parameters={"hidden_layers": (64, 32), "dropout": 0.25, "seed": 7},
        promotion="always",
        model="default",
        request_id="mine",
    )
    (request,) = script.requests["Train"]
    assert request.mode == model_pb2.TRAINING_MODE_WARM_START
    assert request.event_log.start_time.ToDatetime(UTC) == datetime(2026, 1, 1, tzinfo=UTC)
    assert request.event_log.end_time.seconds == 2_000_000_000
    assert request.base_version == 3
    assert list(request.hyper_parameters.hidden_layers) == [64, 32]
    assert (request.hyper_parameters.dropout, request.hyper_parameters.seed) == (0.25, 7)
    assert not request.hyper_parameters.HasField("l2")
    assert request.promotion == promotion_pb2.PROMOTION_ALWAYS
    assert (request.model, request.request_id) == ("default", "mine")
    assert (run.number, run.name) == (7, "models/default/trainingRuns/7")
    assert run.status.state is TrainingRunState.QUEUED


def test_by_default_it_learns_from_the_log_in_full_and_promotes_what_is_better(client, script):
    client.train()
    (request,) = script.requests["Train"]
    assert request.mode == model_pb2.TRAINING_MODE_FULL
    assert request.promotion == promotion_pb2.PROMOTION_IF_BETTER
    assert request.WhichOneof("dataset") is None
    assert request.request_id


def test_a_dataset_is_named_by_its_path(client, script):
    client.train(dataset_path="data", mode=TrainingMode.WARM_START, promotion=Promotion.CANARY)
    (request,) = script.requests["Train"]
    assert request.dataset_path == "data"
    assert request.mode == model_pb2.TRAINING_MODE_WARM_START
    assert request.promotion == promotion_pb2.PROMOTION_CANARY


def test_retries_ask_for_the_same_run_and_calls_for_another(client, script):
    script.then("Train", UNAVAILABLE, UNAVAILABLE)
    client.train()
    client.train()
    ids = [request.request_id for request in script.requests["Train"]]
    assert ids[0] == ids[1] == ids[2] != ids[3]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"mode": "quick"}, "mode must be one of full, warm-start"),
        ({"promotion": "maybe"}, "promotion must be one of if-better"),
        ({"hyper_parameters": {"epochs": 3}}, "no hyper-parameter 'epochs'; there are: hidden_"),
        ({"hyper_parameters": {"max_epochs": "many"}}, "hyper-parameter max_epochs"),
        ({"hyper_parameters": {"hidden_layers": ()}}, "hyper-parameter hidden_layers"),
        ({"hyper_parameters": {"max_epochs": 1.5}}, "hyper-parameter max_epochs"),
        ({"start_time": datetime(2026, 1, 1)}, "start_time has no time zone"),
        ({"dataset_path": "data", "end_time": 5.0}, "leave out dataset_path"),
    ],
)
def test_what_cannot_be_sent_is_not(client, script, wrong, said):
    with pytest.raises(ValueError, match=said):
        client.train(**wrong)
    assert script.requests["Train"] == []


def test_a_second_run_is_refused(client, script):
    details = [error_info("TRAINING_IN_PROGRESS", training_run="models/default/trainingRuns/6")]
    script.then("Train", Failure(grpc.StatusCode.ABORTED, "run 6 is at work", details))
    with pytest.raises(Aborted, match="run 6") as refused:
        client.train()
    assert refused.value.reason == "TRAINING_IN_PROGRESS"


def test_the_result_is_the_version(client):
    run = client.train()
    assert run.result().version == 2
    assert run.status.state is TrainingRunState.SUCCEEDED
    assert run.done()


def test_iterating_tells_every_change_until_the_end(client, server):
    server.training.news[2].progress.holdout_metrics.add(name="validation_ndcg@10", value=0.125)
    server.training.news[2].progress.seconds_left = 30.5
    statuses = list(client.train())
    assert [status.state.value for status in statuses] == [
        "queued", "running", "running", "succeeded",
    ]  # fmt: skip
    first, second = statuses[1].progress, statuses[2].progress
    assert (first.stage, first.epoch, first.max_epochs) == ("retrieval", 1, 9)
    assert (first.step, first.max_steps, first.loss) == (0, 90, 6.5)
    assert first.seconds_left is None
    assert second.metrics == (Metric("validation_ndcg@10", 0.125),)
    assert second.seconds_left == 30.5


def test_who_stops_iterating_lets_the_run_go_on(client, script):
    run = client.train()
    for status in run:
        if status.progress is not None:
            break
    assert run.status.progress.stage == "retrieval"
    assert script.requests["CancelTrainingRun"] == []


def test_a_failed_run_raises_its_reason(client, server):
    server.training.news[-1] = run_message("FAILED", error="too little data")
    run = client.train()
    with pytest.raises(TrainingFailed, match="training run 7 failed: too little data"):
        run.result()
    assert run.status.error == "too little data"
    assert run.status.progress is None


def test_a_cancelled_run_raises(client, server):
    server.training.news[-1] = run_message("CANCELLED")
    with pytest.raises(TrainingCancelled):
        client.train().result()


def test_a_watch_that_breaks_is_taken_up_again(client, server, script, clock):
    server.training.news[1:1] = [UNAVAILABLE] * 15  # more than a call is tried
    server.training.news[-1:-1] = [None, Failure(grpc.StatusCode.CANCELLED, "stopping")]
    assert client.train().result().version == 2
    assert len(script.requests["WatchTrainingRun"]) == 18
    assert len(clock.waits) == 17


def test_what_a_new_stream_repeats_is_not_told_again(client, server, script):
    queued, first, second, succeeded = server.training.news
    server.training.news[:] = [
        queued, first, UNAVAILABLE, first, second, None, second, succeeded,
    ]  # fmt: skip
    told = [status.progress and status.progress.epoch for status in client.train()]
    assert told == [None, 1, 2, None]
    assert len(script.requests["WatchTrainingRun"]) == 3


def test_a_silent_stream_is_opened_anew(client, server, script):
    server.training.news[1:1] = [Failure(grpc.StatusCode.DEADLINE_EXCEEDED, "silence")]
    assert client.train().result().version == 2
    first, second = script.seconds_left["WatchTrainingRun"]
    assert 0 < first < 310  # gRPC rounds up
    assert 0 < second < 310


def test_who_closes_the_client_follows_no_longer(client, script):
    run = client.train()
    client.close()
    with pytest.raises(ClientClosed):
        run.result()
    assert script.requests["WatchTrainingRun"] == []


def test_a_watch_of_what_is_not_there_is_not_repeated(client, server, script):
    server.training.news[:] = [Failure(grpc.StatusCode.NOT_FOUND, "no run 7")]
    with pytest.raises(NotFound):
        client.train().result()
    assert len(script.requests["WatchTrainingRun"]) == 1


def test_who_waits_no_longer_is_told_that_the_run_goes_on(client, server):
    server.training.news[:] = [progress_message("ranking")]
    server.training.news += [UNAVAILABLE] * 1000
    run = client.train()
    with pytest.raises(
        DeadlineExceeded, match="has not ended within 30 s; whether it goes on is not known"
    ):
        run.result(timeout=30)
    assert run.status.progress.stage == "ranking"


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_wait_must_be_a_time(client, seconds):
    with pytest.raises(ValueError, match="timeout must be"):
        client.train().result(timeout=seconds)


def test_a_run_is_found_by_its_number_or_name_and_asked(client, script):
    script.then("GetTrainingRun", progress_message("ranking"), progress_message("evaluate"))
    for asked in (7, "7", "models/default/trainingRuns/7"):
        run = client.training_run(asked)
    assert run.done()
    names = [request.name for request in script.requests["GetTrainingRun"]]
    assert names == ["models/-/trainingRuns/7"] * 2 + ["models/default/trainingRuns/7"]
    script.then("GetTrainingRun", progress_message("ranking"))
    run = client.training_run(7)
    script.then("GetTrainingRun", progress_message("evaluate"))
    assert not run.done()
    assert run.status.progress.stage == "evaluate"
    assert run.refresh().model_version.version == 2


def test_runs_are_listed_over_all_pages(client, script):
    newer, older = client.training_runs(model="default")
    assert (newer.number, newer.model_version.version) == (7, 2)
    assert (older.number, older.state) == (6, TrainingRunState.FAILED)
    assert older.error == "too little data"
    assert [run.number for run in client.training_runs(limit=1)] == [7]
    assert len(script.requests["ListTrainingRuns"]) == 3


def test_a_run_says_what_was_asked_for(client, script):
    request = training_pb2.TrainRequest(
        mode=model_pb2.TRAINING_MODE_WARM_START, base_version=1, dataset_path="data",
        hyper_parameters={"seed": 5}, promotion=promotion_pb2.PROMOTION_NEVER,
    )  # fmt: skip
    script.then("GetTrainingRun", run_message("RUNNING", request=request))
    status = client.training_run(7).status
    assert (status.mode, status.base_version) == (TrainingMode.WARM_START, 1)
    assert (status.promotion, status.dataset_path) == (Promotion.NEVER, "data")
    assert status.hyper_parameters == {"seed": 5}
    assert status.create_time == datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert status.start_time is None
    assert hash(status)


def test_a_run_is_cancelled(client, script):
    run = client.train()
    assert run.cancel().state is TrainingRunState.CANCELLED
    (request,) = script.requests["CancelTrainingRun"]
    assert request.name == run.name
    script.then("CancelTrainingRun", Failure(grpc.StatusCode.FAILED_PRECONDITION, "it has ended"))
    with pytest.raises(FailedPrecondition):
        run.cancel()


def test_a_label_moves_and_a_version_is_deleted(client, script):
    assert client.set_model_label(2, "stable").labels == ("stable",)
    assert client.set_model_label("canary", "stable", model="shop").version == 2
    first, second = script.requests["SetModelLabel"]
    assert (first.name, first.label) == ("models/-/versions/2", "stable")
    assert second.name == "models/shop/versions/2"
    assert script.seconds_left["SetModelLabel"][0] > 60
    assert client.delete_model_version(1) is None
    (request,) = script.requests["DeleteModelVersion"]
    assert request.name == "models/-/versions/1"


def test_a_label_of_a_version_is_looked_up_once(client, script):
    script.then("SetModelLabel", UNAVAILABLE, UNAVAILABLE)
    client.set_model_label("canary", "stable")
    assert len(script.requests["GetModelVersion"]) == 1
    names = [request.name for request in script.requests["SetModelLabel"]]
    assert names == ["models/-/versions/2"] * 3


def test_a_deletion_whose_answer_was_lost_is_done(client, script):
    gone = Failure(grpc.StatusCode.NOT_FOUND, "no version 1", [error_info("VERSION_NOT_FOUND")])
    script.then("DeleteModelVersion", UNAVAILABLE, gone)
    client.delete_model_version(1)
    script.then("DeleteModelVersion", gone)
    with pytest.raises(NotFound) as refused:
        client.delete_model_version(1)
    assert refused.value.attempts == 1


def test_a_version_tells_of_its_training_and_the_stable_version_of_then(client, script):
    message = model_pb2.ModelVersion(
        version=2, training_run="models/default/trainingRuns/7",
        promotion=promotion_pb2.PROMOTION_IF_BETTER,
    )  # fmt: skip
    message.evaluation.stable_version = 1
    message.evaluation.metrics.add(name="ndcg@10", value=0.5, baseline=0.25, stable=0.375)
    script.then("GetModelVersion", message)
    version = client.model(2)
    assert version.training_run == "models/default/trainingRuns/7"
    assert (version.promotion, version.stable_version) == (Promotion.IF_BETTER, 1)
    assert version.metrics == (Metric("ndcg@10", 0.5, 0.25, 0.375),)
