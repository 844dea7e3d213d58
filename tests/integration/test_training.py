"""Training over RPC with the real processes: what it makes, and what is left when it is killed."""

import json
import math
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration.datasets import ITEMS_PER_GROUP, write_tastes
from integration.server_process import (
    ServerProcess,
    eventually,
    is_running,
    kill_child,
    run,
    serving,
)
from recserve.client import (
    Aborted,
    Client,
    Event,
    Fallback,
    Health,
    TrainingCancelled,
    TrainingFailed,
    TrainingRunState,
)

pytestmark = pytest.mark.integration
QUICK = {"max_epochs": 3, "seed": 3}
STAGES = ["export", "start", "retrieval", "ranking", "evaluate", "publish"]


@pytest.fixture
def tastes(tmp_path: Path) -> Path:
    """A folder with an event log of the taste dataset, and no version."""
    write_tastes(tmp_path / "data")
    run("recserve-trainer", "inspect", "data", "--write", cwd=tmp_path)
    run("recserve-server", "import", "data", cwd=tmp_path)
    return tmp_path


def versions_in(folder: Path) -> list[str]:
    """Everything in the folder of the model that looks like a version or a part of one."""
    model = folder / "models" / "default"
    return sorted(path.name for path in model.iterdir()) if model.exists() else []


def numbered(folder: Path) -> list[str]:
    """The versions that were published."""
    return [name for name in versions_in(folder) if name.isdecimal()]


def test_an_empty_installation_learns_serves_and_learns_on_without_a_restart(tmp_path):
    kinds = ["view", "view", "like", "view", "buy", "view", "view", "view"]
    events = [
        Event(user_id=f"user-{u}", item_id=f"item-{20 * (u % 3) + (u + 7 * n) % 20}", event_type=k)
        for u in range(60)
        for n, k in enumerate(kinds)
    ]
    with serving(tmp_path) as server, Client(server.address) as client:
        assert client.health("recserve.model") is Health.NOT_SERVING
        assert list(client.recommend("user-1")) == []
        client.feedback_many(events)
        counted = client.recommend("somebody")
        assert (counted.fallback, len(counted)) == (Fallback.NO_MODEL, 10)
        first = client.train(hyper_parameters={"max_epochs": 10, "seed": 3})
        first_losses = losses_at_step_0(first)
        version = first.result()
        assert (version.version, version.lineage.log_position) == (1, len(events))
        server.wait_until_warm()
        answer = client.recommend("user-1", num_results=4)
        assert (answer.model_version, answer.fallback) == (1, None)
        client.feedback("user-1", "item-5", "a_type_that_nobody_had_sent")
        with kept_asking(server.address) as failures:
            second = client.train(mode="warm-start", promotion="always", hyper_parameters=QUICK)
            second_losses = losses_at_step_0(second)
            eventually(lambda: client.recommend("user-1").model_version == 2, "version 2 answers")
        assert failures == []
        # Users view items of one group at random: no model can lose less than this.
        least = math.log(ITEMS_PER_GROUP)
        gone_before = first_losses["retrieval"] - least
        assert second_losses["retrieval"] - least < 0.75 * gone_before
        version = second.result()
        assert (version.lineage.base_version, version.training_run) == (1, second.name)
        assert version.lineage.log_position == client.log_position == len(events) + 1
        assert version.stable_version == 1
        assert all(metric.stable is not None for metric in version.metrics)
        assert [each.number for each in client.training_runs()] == [2, 1]
        assert len(server.said("listening")) == 1
        assert server.process.poll() is None


def losses_at_step_0(training) -> dict[str, float]:
    """Follow a run to its end; return the loss that each stage began with."""
    losses: dict[str, float] = {}
    for status in training:
        progress = status.progress
        if progress is not None and progress.step == 0 and progress.loss is not None:
            losses.setdefault(progress.stage, progress.loss)
    assert training.status.state is TrainingRunState.SUCCEEDED, training.status.error
    return losses


@contextmanager
def kept_asking(address: str) -> Iterator[list[Exception]]:
    """A caller asks again and again while the `with` lasts; gives the calls that failed."""
    failures: list[Exception] = []
    done = threading.Event()

    def ask() -> None:
        with Client(address) as client:
            while not done.is_set():
                try:
                    assert len(client.recommend("user-1", timeout=5)) == 10
                except Exception as error:  # whatever it is, the test shows it
                    failures.append(error)

    caller = threading.Thread(target=ask)
    caller.start()
    try:
        yield failures
    finally:
        done.set()
        caller.join()


def is_in(training, *stages: str) -> Callable[[], bool]:
    """Whether a run is in one of some stages."""

    def holds() -> bool:
        status = training.refresh()
        assert not status.state.has_ended, status.error
        return status.progress is not None and status.progress.stage in stages

    return holds


def test_a_killed_training_leaves_no_version_and_the_next_one_works(tastes, rounds):
    few, all_stages = ["export", "retrieval", "publish"], [*STAGES] * (rounds // 5)
    stages = all_stages or few
    with serving(tastes) as server, Client(server.address) as client:
        for stage in stages:
            training = client.train(hyper_parameters=QUICK)
            kill_at(stage, server, tastes, training)
            with pytest.raises(TrainingFailed, match="SIGKILL"):
                training.result(timeout=60)
            assert numbered(tastes) == []
        fill_the_disk(server, client)
        assert versions_in(tastes) == []
        assert client.models() == []
        training = client.train(hyper_parameters=QUICK)
        eventually(is_in(training, "start"), "the trainer")
        kill_child(server.children()["front_end"])
        assert training.result(timeout=200).version == 1
        assert versions_in(tastes) == ["1"]
        server.wait_until_warm()


def kill_at(stage: str, server: ServerProcess, folder: Path, training) -> None:
    """Kill the process of a run in the middle of a stage."""
    if stage == "export":
        kill_child(eventually(lambda: server.children().get("training"), "the export"))
    elif stage == "publish":
        for at in range(1, len(STAGES) - 1):  # each has its time, on a machine that is busy too
            eventually(is_in(training, *STAGES[at:]), STAGES[at])
        eventually(lambda: any("staging" in name for name in versions_in(folder)), "staging")
        kill_child(server.children()["trainer"])
    else:
        eventually(is_in(training, stage), stage)
        kill_child(server.children()["trainer"])


def fill_the_disk(server: ServerProcess, client: Client) -> None:
    """A training whose version cannot be written: what a write meets is like a full disk."""
    training = client.train(hyper_parameters=QUICK)
    eventually(is_in(training, "retrieval", "ranking"), "learning")
    limit = (4096, resource.RLIM_INFINITY)
    resource.prlimit(server.children()["trainer"], resource.RLIMIT_FSIZE, limit)
    with pytest.raises(TrainingFailed, match="cannot write") as failed:
        training.result(timeout=200)
    assert "nothing was published" in str(failed.value)


def test_a_server_that_is_killed_or_stopped_ends_its_training_and_says_so(tastes):
    with serving(tastes) as server, Client(server.address) as client:
        training = client.train(hyper_parameters=QUICK)
        eventually(is_in(training, "retrieval"), "retrieval")
        children = server.children()
        assert "trainer" in children
        server.kill()
        for name, pid in children.items():
            eventually(lambda pid=pid: not is_running(pid), f"the end of the {name}")
    with serving(tastes) as server, Client(server.address) as client:
        (status,) = client.training_runs()
        assert status.state is TrainingRunState.FAILED
        assert "stopped or killed" in status.error
        training = client.train(hyper_parameters=QUICK)
        eventually(is_in(training, "start"), "the trainer")
        assert server.stop() == 0
    with serving(tastes) as server, Client(server.address) as client:
        status = client.training_runs()[0]
        assert (status.number, status.state) == (2, TrainingRunState.FAILED)
        assert status.error == "the server was stopped"
    assert numbered(tastes) == []


def test_a_training_is_cancelled_and_only_one_runs_at_a_time(tastes):
    with serving(tastes) as server, Client(server.address) as client:
        training = client.train(hyper_parameters=QUICK)
        with pytest.raises(Aborted, match="1"):
            client.train(hyper_parameters=QUICK)
        eventually(is_in(training, "start", "retrieval"), "a trainer")
        training.cancel()
        with pytest.raises(TrainingCancelled):
            training.result(timeout=10)
        assert "trainer" not in server.children()
        assert numbered(tastes) == []


def test_a_training_that_cannot_be_done_says_why_and_publishes_nothing(tmp_path):
    with serving(tmp_path) as server, Client(server.address) as client:

        def reason(**chosen: object) -> str:
            with pytest.raises(TrainingFailed) as failed:
                client.train(**chosen).result(timeout=100)
            assert client.training_runs()[0].error in str(failed.value)
            return str(failed.value)

        assert "no events" in reason()
        client.feedback("u", "i", "click")
        assert "a single user" in reason()
        assert "nowhere" in reason(dataset_path="nowhere")
        assert "no version" in reason(mode="warm-start")
        assert "no version" in reason(mode="warm-start", base_version=9)
        assert versions_in(tmp_path) == []
        assert client.models() == []


def test_the_command_line_and_the_rpc_make_the_same_version(tastes):
    quick = ("--max-epochs", 3, "--seed", 3)
    run("recserve-trainer", "fit", "data", "--store", "models", *quick, cwd=tastes)
    with serving(tastes) as server, Client(server.address) as client:
        server.wait_until_warm()
        words = ("recserve", "--server", server.address)
        chosen = ("--set", "max_epochs=3", "--set", "seed=3", "--promotion", "never")
        printed = run(*words, "train", *chosen, cwd=tastes)
        for word in ("export", "retrieval", "ranking", "evaluate", "publish", "loss", "ndcg@10"):
            assert word in printed
        listed = json.loads(run(*words, "train", "list", "--json", cwd=tastes))
        assert [(each["number"], each["state"]) for each in listed] == [(1, "succeeded")]
        by_hand, by_rpc = client.model(1), client.model(2)
        assert by_rpc.lineage.event_count == by_hand.lineage.event_count
        assert by_rpc.lineage.item_count == by_hand.lineage.item_count
        assert by_rpc.hyper_parameters == by_hand.hyper_parameters
        assert by_rpc.family == by_hand.family
        for mine, theirs in zip(by_rpc.metrics, by_hand.metrics, strict=True):
            assert mine.name == theirs.name
            # Negatives are drawn by the rows of items, whose order differs.
            assert mine.baseline == pytest.approx(theirs.baseline, abs=0.02)
        assert (by_rpc.labels, by_hand.labels) == ((), ("stable",))
