"""The register of training runs, whatever keeps it."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recserve.server.database import open_database
from recserve.server.errors import Aborted
from recserve.server.training import InMemoryRunRegister, RunRegister
from recserve.server.training.sql_register import SqlRunRegister
from recserve.v1 import training_pb2

SUCCEEDED = training_pb2.TRAINING_RUN_STATE_SUCCEEDED
RUNNING = training_pb2.TRAINING_RUN_STATE_RUNNING
Request = training_pb2.TrainRequest
Run = training_pb2.TrainingRun


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def register(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunRegister]:
    if request.param == "memory":
        yield InMemoryRunRegister()
        return
    if request.param == "sqlite":
        database = open_database(f"sqlite:///{tmp_path / 'events.db'}")
    else:
        database = open_database(request.getfixturevalue("postgresql_url"))
    yield SqlRunRegister(database)
    database.close()


def add(register: RunRegister, **fields: str) -> training_pb2.TrainingRun:
    return register.add("default", Request(**fields), 12.5)[0]


def end(register: RunRegister, run: training_pb2.TrainingRun) -> None:
    run.state = SUCCEEDED
    assert register.put(run)


def numbers(runs: list[training_pb2.TrainingRun]) -> list[str]:
    return [run.name.rpartition("/")[2] for run in runs]


def test_a_run_is_queued_with_its_name_its_request_and_its_time(register: RunRegister) -> None:
    request = Request(dataset_path="data", request_id="r")
    run, is_new = register.add("default", request, 12.5)
    assert is_new
    assert run.name == "models/default/trainingRuns/1"
    assert run.state == training_pb2.TRAINING_RUN_STATE_QUEUED
    assert run.request == request
    assert run.create_time.ToNanoseconds() == 12_500_000_000
    assert register.get("default", 1) == run
    assert register.orphaned("default") == ([] if register.is_shared else [run])


def test_a_run_of_the_server_s_own_keeps_why(register: RunRegister) -> None:
    run, _ = register.add("default", Request(), 12.5, "10 new events")
    assert run.trigger == "10 new events"
    assert register.get("default", 1) == run


def test_a_repeated_request_finds_its_run_also_after_its_end(register: RunRegister) -> None:
    run = add(register, request_id="r")
    assert register.add("default", Request(request_id="r"), 99.0) == (run, False)
    end(register, run)
    assert register.add("default", Request(request_id="r"), 99.0) == (run, False)
    assert add(register, request_id="s").name.endswith("/2")


def test_requests_without_an_id_are_all_different(register: RunRegister) -> None:
    end(register, add(register))
    end(register, add(register))
    assert numbers(register.newest("default", None, 9)) == ["2", "1"]


def test_a_second_run_of_a_model_is_refused_until_the_first_has_ended(
    register: RunRegister,
) -> None:
    first = add(register)
    with pytest.raises(Aborted, match="recserve train watch 1") as refused:
        add(register, request_id="other")
    assert refused.value.reason == "TRAINING_IN_PROGRESS"
    assert refused.value.metadata == {"training_run": first.name}
    register.add("another-model", Request(), 0.0)
    end(register, first)
    assert add(register).name.endswith("/3")


def test_how_a_run_stands_is_kept_until_it_has_ended(register: RunRegister) -> None:
    run = add(register)
    run.state = RUNNING
    run.progress.stage = "ranking"
    assert register.put(run)
    assert register.get("default", 1) == run
    run.model_version.version = 4
    run.model_version.name = "models/default/versions/4"
    run.model_version.schema.event_types.add(name="click")
    end(register, run)
    kept = register.get("default", 1)
    assert kept is not None
    assert kept.model_version.version == 4
    assert not kept.model_version.HasField("schema")
    run.state = RUNNING
    assert not register.put(run)
    assert register.get("default", 1) == kept
    assert register.orphaned("default") == []


def test_what_is_returned_is_a_copy(register: RunRegister) -> None:
    add(register).error = "changed"
    kept = register.get("default", 1)
    assert kept is not None
    assert kept.error == ""


def test_runs_are_read_newest_first_in_pieces(register: RunRegister) -> None:
    for _ in range(5):
        end(register, add(register))
    assert numbers(register.newest("default", None, 2)) == ["5", "4"]
    assert numbers(register.newest("default", 4, 2)) == ["3", "2"]
    assert numbers(register.newest("default", 2, 2)) == ["1"]
    assert register.newest("other", None, 2) == []


def test_what_is_not_there_is_none(register: RunRegister) -> None:
    add(register)
    assert register.get("default", 2) is None
    assert register.get("other", 1) is None
    assert not register.put(Run(name="models/default/trainingRuns/2", state=RUNNING))
    assert register.get("default", 2) is None


def test_of_many_at_once_one_begins(database_url: str) -> None:
    databases = [open_database(database_url) for _ in range(6)]
    begun: list[str] = []
    refused: list[Aborted] = []

    def start(register: SqlRunRegister) -> None:
        try:
            begun.append(add(register).name)
        except Aborted as error:
            refused.append(error)

    threads = [
        threading.Thread(target=start, args=(SqlRunRegister(database),)) for database in databases
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()
    assert begun == ["models/default/trainingRuns/1"]
    assert len(refused) == 5


def test_runs_outlive_their_server(database_url: str) -> None:
    def opened(work: Callable[[SqlRunRegister], object]) -> object:
        database = open_database(database_url)
        try:
            return work(SqlRunRegister(database))
        finally:
            database.close()

    run = opened(add)
    assert opened(lambda register: register.get("default", 1)) == run
