"""Train and TrainingService over the wire, and labels, against the server in memory."""

import time
from typing import Any

import pytest

from recserve.server.testing import InMemoryServer
from recserve.v1 import hyper_parameters_pb2, model_pb2, training_pb2
from server.front_end.wire import Wire, refusal

pb = training_pb2
SECONDS = 10
HyperParameters = hyper_parameters_pb2.HyperParameters


@pytest.fixture
def wire(transport_name: Any) -> Any:
    with InMemoryServer(item_ids=["a", "b", "c"], transport=transport_name) as server:
        wire = Wire(server.address)
        yield wire
        wire.close()


def train(wire: Wire, **fields: Any) -> pb.TrainingRun:
    return wire.recommender.Train(pb.TrainRequest(**fields), timeout=SECONDS)


def watched(wire: Wire, name: str) -> list[pb.TrainingRun]:
    request = pb.WatchTrainingRunRequest(name=name)
    answers = wire.training.WatchTrainingRun(request, timeout=SECONDS)
    return [answer.training_run for answer in answers]


def get(wire: Wire, name: str) -> pb.TrainingRun:
    return wire.training.GetTrainingRun(pb.GetTrainingRunRequest(name=name), timeout=SECONDS)


def version(wire: Wire, name: str) -> model_pb2.ModelVersion:
    request = model_pb2.GetModelVersionRequest(name=f"models/-/versions/{name}")
    return wire.models.GetModelVersion(request, timeout=SECONDS)


def set_label(wire: Wire, name: str, label: str) -> model_pb2.ModelVersion:
    request = model_pb2.SetModelLabelRequest(name=f"models/-/versions/{name}", label=label)
    return wire.models.SetModelLabel(request, timeout=SECONDS)


def delete(wire: Wire, name: str) -> Any:
    request = model_pb2.DeleteModelVersionRequest(name=f"models/-/versions/{name}")
    return wire.models.DeleteModelVersion(request, timeout=SECONDS)


def test_a_run_makes_a_version_that_answers(wire: Wire) -> None:
    run = train(wire, request_id="r", mode=model_pb2.TRAINING_MODE_WARM_START)
    assert run.name == "models/default/trainingRuns/1"
    last = watched(wire, run.name)[-1]
    assert last.state == pb.TRAINING_RUN_STATE_SUCCEEDED
    assert last.model_version.version == 2
    assert last.model_version.lineage.base_version == 1
    assert last.model_version.training_run == run.name
    assert list(last.model_version.labels) == ["stable"]
    assert last.request.request_id == "r"
    assert last.end_time.seconds <= time.time() + 1
    assert get(wire, "models/-/trainingRuns/1") == last
    assert wire.recommend().model_version == 2


def test_runs_are_listed_newest_first_in_pages(wire: Wire) -> None:
    for _ in range(3):
        watched(wire, train(wire).name)
    found: list[str] = []
    token = ""
    while True:
        request = pb.ListTrainingRunsRequest(page_size=2, page_token=token)
        page = wire.training.ListTrainingRuns(request, timeout=SECONDS)
        found += [run.name.rpartition("/")[2] for run in page.training_runs]
        if not (token := page.next_page_token):
            break
    assert found == ["3", "2", "1"]


def test_a_repeated_request_starts_one_run(wire: Wire) -> None:
    names = {train(wire, request_id="once").name for _ in range(3)}
    assert names == {"models/default/trainingRuns/1"}


def test_a_run_that_has_ended_is_not_cancelled(wire: Wire) -> None:
    watched(wire, train(wire).name)
    request = pb.CancelTrainingRunRequest(name="models/-/trainingRuns/1")
    answer = refusal(wire.training.CancelTrainingRun, request, timeout=SECONDS)
    answer.check()
    assert (answer.code, answer.reason) == ("FAILED_PRECONDITION", "TRAINING_RUN_ENDED")


@pytest.mark.parametrize("method", ["GetTrainingRun", "CancelTrainingRun"])
def test_a_run_that_is_not_there_is_not_found(wire: Wire, method: str) -> None:
    request = pb.GetTrainingRunRequest(name="models/-/trainingRuns/7").SerializeToString()
    answer = refusal(wire.send, f"TrainingService/{method}", request)
    answer.check()
    assert (answer.code, answer.reason) == ("NOT_FOUND", "TRAINING_RUN_NOT_FOUND")


def test_a_watch_of_a_run_that_is_not_there_is_not_found(wire: Wire) -> None:
    answer = refusal(watched, wire, "models/-/trainingRuns/7")
    answer.check()
    assert answer.code == "NOT_FOUND"


@pytest.mark.parametrize(
    "name", ["", "7", "models/default/trainingRuns/", "models/-/trainingRuns/x", "x" * 10_000]
)
def test_a_malformed_name_of_a_run_is_refused(wire: Wire, name: str) -> None:
    for call in (get, watched):
        answer = refusal(call, wire, name)
        answer.check()
        assert list(answer.violations) == ["name"]


BAD_TRAININGS: dict[str, tuple[dict[str, Any], str]] = {
    "a base version without a warm start": ({"base_version": 1}, "base_version"),
    "a negative base version": ({"base_version": -1, "mode": 2}, "base_version"),
    "an unknown mode": ({"mode": 9}, "mode"),
    "an unknown promotion": ({"promotion": 9}, "promotion"),
    "a path of 5000 bytes": ({"dataset_path": "x" * 5000}, "dataset_path"),
    "NUL in the path": ({"dataset_path": "a\0b"}, "dataset_path"),
    "a request id of 129 bytes": ({"request_id": "x" * 129}, "request_id"),
    "an end before the start": (
        {"event_log": {"start_time": {"seconds": 9}, "end_time": {"seconds": 8}}},
        "event_log.end_time",
    ),
    "a time before 1970": ({"event_log": {"start_time": {"seconds": -1}}}, "event_log.start_time"),
    "no epochs": ({"hyper_parameters": {"max_epochs": 0}}, "hyper_parameters.max_epochs"),
    "a rate of 0": ({"hyper_parameters": {"learning_rate": 0}}, "hyper_parameters.learning_rate"),
    "a rate that is no number": (
        {"hyper_parameters": {"learning_rate": float("nan")}},
        "hyper_parameters.learning_rate",
    ),
    "a penalty that is no number": (
        {"hyper_parameters": {"l2": float("nan")}},
        "hyper_parameters.l2",
    ),
    "a layer without units": (
        {"hyper_parameters": {"hidden_layers": [8, 0]}},
        "hyper_parameters.hidden_layers",
    ),
    "nine layers": (
        {"hyper_parameters": {"hidden_layers": [8] * 9}},
        "hyper_parameters.hidden_layers",
    ),
}


@pytest.mark.parametrize("case", BAD_TRAININGS)
def test_a_bad_training_is_refused_and_starts_nothing(wire: Wire, case: str) -> None:
    fields, field = BAD_TRAININGS[case]
    answer = refusal(train, wire, **fields)
    answer.check()
    assert list(answer.violations) == [field]
    request = pb.ListTrainingRunsRequest()
    assert not wire.training.ListTrainingRuns(request, timeout=SECONDS).training_runs


def test_every_hyper_parameter_may_be_at_the_ends_of_its_range(wire: Wire) -> None:
    for ends in (
        HyperParameters(
            hidden_layers=[1], embedding_width=4, history_length=1, candidate_count=10,
            learning_rate=1e-9, batch_size=1, max_epochs=1, patience=1, dropout=0, l2=0,
            negatives_per_positive=1, holdout_share=0.01, seed=0,
        ),
        HyperParameters(
            hidden_layers=[4096] * 8, embedding_width=1024, history_length=1000,
            candidate_count=10000, learning_rate=1, batch_size=65536, max_epochs=1000,
            patience=100, dropout=0.9, l2=1, negatives_per_positive=100, holdout_share=0.5,
            seed=2**31 - 1,
        ),
    ):  # fmt: skip
        watched(wire, train(wire, hyper_parameters=ends).name)


def test_another_model_is_not_found(wire: Wire) -> None:
    answer = refusal(train, wire, model="other")
    assert (answer.code, answer.reason) == ("NOT_FOUND", "MODEL_NOT_FOUND")


def test_a_label_moves_and_moves_back(wire: Wire) -> None:
    watched(wire, train(wire, promotion=pb.PROMOTION_NEVER).name)
    assert wire.recommend().model_version == 1
    assert "promote it never" in version(wire, "2").unpromoted_reason
    promoted = set_label(wire, "2", "stable")
    assert (list(promoted.labels), promoted.unpromoted_reason) == (["stable"], "")
    assert wire.recommend().model_version == 2
    assert set_label(wire, "1", "stable").version == 1
    assert wire.recommend().model_version == 1


def test_a_canary_answers_those_who_ask_for_it(wire: Wire) -> None:
    watched(wire, train(wire, promotion=pb.PROMOTION_CANARY).name)
    assert wire.recommend().model_version == 1
    assert wire.recommend(model_label="canary").model_version == 2
    assert set_label(wire, "canary", "stable").version == 2


def test_only_the_known_labels_move(wire: Wire) -> None:
    answer = refusal(set_label, wire, "1", "production")
    answer.check()
    assert list(answer.violations) == ["label"]


def test_a_version_without_a_label_is_deleted(wire: Wire) -> None:
    watched(wire, train(wire).name)
    delete(wire, "1")
    assert refusal(version, wire, "1").code == "NOT_FOUND"
    in_use = refusal(delete, wire, "2")
    in_use.check()
    assert (in_use.code, in_use.reason) == ("FAILED_PRECONDITION", "VERSION_IN_USE")
    assert refusal(delete, wire, "1").code == "NOT_FOUND"
