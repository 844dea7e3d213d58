"""Training over RPC with the real processes: what it makes, and what is left when it is killed."""

import json
import math
import resource
import threading
from collections.abc import Callable
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


def test_an_empty_installation_learns_and_serves_without_a_restart(tmp_path):
    events = [
        Event(
            user_id=f"user-{u}", item_id=f"item-{20 * (u % 3) + (u + 7 * n) % 20}", event_type=kind
        )
        for u in range(60)
        for n, kind in enumerate(["view", "view", "like", "view", "buy", "view", "view", "view"])
    ]
    with serving(tmp_path) as server, Client(server.address) as client:
        assert client.health("recserve.model") is Health.NOT_SERVING
        assert list(client.recommend("user-1")) == []
        client.feedback_many(events)
        counted = client.recommend("somebody")
        assert counted.fallback is Fallback.NO_MODEL
        assert len(counted) == 10
        version = client.train(hyper_parameters=QUICK).result(timeout=200)
        assert (version.version, version.lineage.log_position) == (1, len(events))
        server.wait_until_warm()
        answer = client.recommend("user-1", num_results=4)
        assert (answer.model_version, answer.fallback) == (1, None)
        client.feedback("user-1", "item-5", "a_type_that_nobody_had_sent")
        assert server.process.poll() is None
        assert len(server.said("listening")) == 1


def test_a_warm_start_goes_on_from_the_base_version_and_says_so(tastes):
    with serving(tastes) as server, Client(server.address) as client:
        first_losses = losses_at_step_0(client.train(hyper_parameters={"seed": 3}))
        server.wait_until_warm()
        client.feedback("user-1", "item-39", "view")
        run_2 = client.train(mode="warm-start", promotion="always", hyper_parameters=QUICK)
        second_losses = losses_at_step_0(run_2)
        # Users view items of one group at random: no model can lose less than this.
        least = math.log(ITEMS_PER_GROUP)
        gone_before = first_losses["retrieval"] - least
        assert second_losses["retrieval"] - least < 0.25 * gone_before
        version = run_2.result(timeout=10)
        assert version.lineage.base_version == 1
        assert version.training_run == run_2.name
        assert version.lineage.event_count == client.model(1).lineage.event_count + 1
        assert version.lineage.log_position == client.log_position
        assert version.stable_version == 1
        assert all(metric.stable is not None for metric in version.metrics)
        eventually(lambda: client.recommend("user-1").model_version == 2, "version 2 answers")
        numbers = [each.number for each in client.training_runs()]
        assert numbers == [2, 1]


def losses_at_step_0(training) -> dict[str, float]:
    """Follow a run to its end; return the loss that each stage began with."""
    losses: dict[str, float] = {}
    for status in training:
        progress = status.progress
        if progress is not None and progress.step == 0 and progress.loss is not None:
            losses.setdefault(progress.stage, progress.loss)
    assert training.status.state is TrainingRunState.SUCCEEDED, training.status.error
    return losses


def stage_is(training, *stages: str) -> Callable[[], bool]:
    """Whether a run is in one of some stages."""

    def holds() -> bool:
        status = training.refresh()
        return status.progress is not None and status.progress.stage in stages

    return holds


@pytest.mark.parametrize("stage", ["export", "start", "retrieval", "evaluate", "publish"])
def test_a_killed_training_leaves_no_version_and_the_next_one_works(tastes, stage):
    with serving(tastes) as server, Client(server.address) as client:
        training = client.train(hyper_parameters=QUICK)
        kill_at(stage, server, tastes, training)
        with pytest.raises(TrainingFailed, match="SIGKILL"):
            training.result(timeout=60)
        assert [name for name in versions_in(tastes) if name.isdecimal()] == []
        assert client.models() == []
        version = client.train(hyper_parameters=QUICK).result(timeout=200)
        assert version.version == 1
        assert versions_in(tastes) == ["1"]
        server.wait_until_warm()


def kill_at(stage: str, server: ServerProcess, folder: Path, training) -> None:
    """Kill the process of a run in the middle of a stage."""
    if stage == "export":
        kill_child(eventually(lambda: server.children().get("training"), "the export"))
    elif stage == "publish":
        eventually(lambda: any("staging" in name for name in versions_in(folder)), "staging")
        kill_child(server.children()["trainer"])
    else:
        eventually(stage_is(training, stage), stage)
        kill_child(server.children()["trainer"])


def test_a_killed_server_leaves_no_trainer_and_the_run_has_failed(tastes):
    with serving(tastes) as server, Client(server.address) as client:
        training = client.train(hyper_parameters=QUICK)
        eventually(stage_is(training, "retrieval"), "retrieval")
        children = server.children()
        assert "trainer" in children
        server.kill()
        for name, pid in children.items():
            eventually(lambda pid=pid: not is_running(pid), f"the end of the {name}")
    with serving(tastes) as server, Client(server.address) as client:
        (status,) = client.training_runs()
        assert status.state is TrainingRunState.FAILED
        assert "stopped or killed" in status.error
        assert client.models() == []
        assert client.train(hyper_parameters=QUICK).result(timeout=200).version == 1


def test_a_server_that_is_stopped_says_so_in_its_run(tastes):
    with serving(tastes) as server, Client(server.address) as client:
        training = client.train(hyper_parameters=QUICK)
        eventually(stage_is(training, "retrieval"), "retrieval")
        assert server.stop() == 0
    with serving(tastes) as server, Client(server.address) as client:
        (status,) = client.training_runs()
        assert (status.state, status.error) == (TrainingRunState.FAILED, "the server was stopped")
        assert [name for name in versions_in(tastes) if name.isdecimal()] == []


def test_a_training_goes_on_while_the_front_end_is_killed(tastes):
    with serving(tastes) as server, Client(server.address) as client:
        training = client.train(hyper_parameters=QUICK)
        eventually(stage_is(training, "retrieval"), "retrieval")
        kill_child(server.children()["front_end"])
        assert training.result(timeout=200).version == 1


def test_a_training_is_cancelled_and_only_one_runs_at_a_time(tastes):
    with serving(tastes) as server, Client(server.address) as client:
        training = client.train(hyper_parameters=QUICK)
        with pytest.raises(Aborted, match="1"):
            client.train(hyper_parameters=QUICK)
        eventually(stage_is(training, "start", "retrieval"), "a trainer")
        training.cancel()
        with pytest.raises(TrainingCancelled):
            training.result(timeout=10)
        assert "trainer" not in server.children()
        assert [name for name in versions_in(tastes) if name.isdecimal()] == []


def test_a_training_that_cannot_be_done_says_why_and_publishes_nothing(tmp_path):
    with serving(tmp_path) as server, Client(server.address) as client:

        def reason(**chosen: object) -> str:
            with pytest.raises(TrainingFailed) as failed:
                client.train(**chosen).result(timeout=100)
            assert client.training_runs()[0].error in str(failed.value)
            return str(failed.value)

        assert "no events" in reason()
        client.feedback("u", "i", "click")
        assert "too " in reason() or "at least" in reason()
        assert "nowhere" in reason(dataset_path="nowhere")
        assert "no version" in reason(mode="warm-start")
        assert "no version" in reason(mode="warm-start", base_version=9)
        assert versions_in(tmp_path) == []
        assert client.models() == []


def test_a_full_disk_is_told_and_leaves_nothing(tastes):
    with serving(tastes) as server, Client(server.address) as client:
        training = client.train(hyper_parameters=QUICK)
        eventually(stage_is(training, "retrieval", "ranking"), "learning")
        limit = (4096, resource.RLIM_INFINITY)  # what a write beyond it meets is like a full disk
        resource.prlimit(server.children()["trainer"], resource.RLIMIT_FSIZE, limit)
        with pytest.raises(TrainingFailed, match="cannot") as failed:
            training.result(timeout=200)
        assert "large" in str(failed.value) or "space" in str(failed.value)
        assert versions_in(tastes) == []
        assert client.train(hyper_parameters=QUICK).result(timeout=200).version == 1


def test_the_command_line_and_the_rpc_make_the_same_version(tastes):
    quick = ("--max-epochs", 3, "--seed", 3)
    run("recserve-trainer", "fit", "data", "--store", "models", *quick, cwd=tastes)
    with serving(tastes) as server, Client(server.address) as client:
        server.wait_until_warm()
        by_rpc = client.train(hyper_parameters=QUICK, promotion="never").result(timeout=200)
        by_hand = client.model(1)
        assert by_rpc.lineage.event_count == by_hand.lineage.event_count
        assert by_rpc.hyper_parameters == by_hand.hyper_parameters
        assert by_rpc.family == by_hand.family
        assert {m.name: m.baseline for m in by_rpc.metrics} == {
            m.name: m.baseline for m in by_hand.metrics
        }
        assert by_rpc.labels == ()
        assert client.model("stable").version == 1


def test_the_command_trains_and_shows_its_progress(tastes):
    with serving(tastes) as server:
        words = ("recserve", "--server", server.address)
        chosen = ("--set", "max_epochs=3", "--set", "seed=3")
        printed = run(*words, "train", *chosen, "--promotion", "always", cwd=tastes)
        for stage in ("export", "retrieval", "ranking", "evaluate", "publish"):
            assert stage in printed
        assert "loss" in printed
        assert "ndcg@10" in printed
        listed = json.loads(run(*words, "train", "list", "--json", cwd=tastes))
        assert [(each["number"], each["state"]) for each in listed] == [(1, "succeeded")]
        server.wait_until_warm()
        assert "stable" in run(*words, "models", "list", cwd=tastes)


def test_recommendations_go_on_while_a_training_runs(tastes):
    with serving(tastes) as server, Client(server.address) as client:
        failures: list[Exception] = []
        done = threading.Event()

        def keep_asking() -> None:
            while not done.is_set():
                try:
                    assert len(client.recommend("user-1", timeout=5)) == 10
                except Exception as error:  # whatever it is, the test shows it
                    failures.append(error)

        caller = threading.Thread(target=keep_asking)
        caller.start()
        client.train(hyper_parameters=QUICK).result(timeout=200)
        server.wait_until_warm()
        done.set()
        caller.join()
        assert failures == []
