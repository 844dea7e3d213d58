"""Training as a server's child: what it tells, and how it ends."""

import math
import os
import signal
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

from recserve.trainer.store import Store
from recserve.v1 import model_pb2, promotion_pb2, training_pb2
from trainer.generated import QUICK
from trainer.job_process import HANG_SECONDS, JobProcess

pytestmark = pytest.mark.integration

ENDLESS = {**QUICK, "max_epochs": 1000, "patience": 100}
GUESSING = math.log(QUICK["candidate_count"])
"""The loss of a ranker that knows nothing of what it is offered."""
ONE_PASS = {"max_epochs": 1, "hidden_layers": [4]}


class Ran(NamedTuple):
    """What a job told."""

    progress: list[training_pb2.TrainingProgress]
    last: dict[str, Any]
    status: int


class Chain(NamedTuple):
    """A full run, and a warm start from what it made."""

    store: Store
    full: Ran
    warm: Ran


@pytest.fixture(scope="module")
def runs(chains: Path, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    root = tmp_path_factory.mktemp("jobs")
    with JobProcess(chains, root, hyper_parameters=QUICK, log_position=1234) as job:
        full = Ran(*job.ended())
    warm_start = {"mode": "warm-start", "base": 1, "stable": 1, "promotion": "canary"}
    warm_start |= {"promotion_margin": 0.02}
    with JobProcess(chains, root, hyper_parameters={"seed": "7"}, **warm_start) as job:
        warm = Ran(*job.ended())
        assert {"stage": "evaluate", "text": "version 1 on the same holdout"} in job.notes
    return Chain(Store(root, "default"), full, warm)


def start_loss(ran: Ran, stage: str) -> float:
    first = next(p for p in ran.progress if p.stage == stage and p.HasField("loss"))
    assert (first.step, first.epoch) == (0, 1)
    assert first.max_steps > 0
    return first.loss


def wait_until(holds: Callable[[], bool]) -> None:
    """Waits for a change on disk, which nothing announces."""
    never = threading.Event()
    for _ in range(HANG_SECONDS * 200):
        if holds():
            return
        never.wait(0.005)
    raise AssertionError("it never came to hold")


def left_of(root: Path) -> list[str]:
    """All names in a store."""
    return sorted(path.name for path in root.glob("default/*"))


def test_a_job_publishes_and_says_what(runs: Chain) -> None:
    assert (runs.full.last, runs.full.status) == ({"published": 1}, 0)
    assert (runs.warm.last, runs.warm.status) == ({"published": 2}, 0)
    assert runs.store.versions() == [1, 2]


def test_the_manifest_has_what_the_server_knows(runs: Chain) -> None:
    full, warm = runs.store.manifest(1), runs.store.manifest(2)

    assert full.training_run == "models/default/trainingRuns/r1"
    assert full.promotion == promotion_pb2.PROMOTION_IF_BETTER
    assert full.lineage.log_position == 1234
    assert full.evaluation.stable_version == 0
    assert not full.HasField("promotion_margins")
    assert warm.promotion == promotion_pb2.PROMOTION_CANARY
    assert warm.lineage.mode == model_pb2.TRAINING_MODE_WARM_START
    assert warm.evaluation.stable_version == 1
    assert (warm.promotion_margins.stable, warm.promotion_margins.baseline) == (0.02, 0.0)
    assert warm.hyper_parameters.seed == 7


def test_the_stages_come_in_their_order(runs: Chain) -> None:
    stages = [progress.stage for progress in runs.full.progress]
    order = [now for before, now in pairwise(["", *stages]) if now != before]

    learning = ["features", "retrieval", "ranking", "retrieval"]
    assert order == ["read", "clean", "check", "start", *learning, "evaluate", "publish"]


def test_learning_moves_step_by_step_to_the_end_of_each_pass(runs: Chain) -> None:
    for before, now in pairwise(runs.full.progress):
        if before.max_steps and now.stage == before.stage and now.max_steps == before.max_steps:
            assert before.step <= now.step <= now.max_steps
            assert before.epoch <= now.epoch <= now.max_epochs
    first = [p for p in runs.full.progress if p.stage == "retrieval" and p.max_epochs > 2]
    ends = [p.step for p in first if p.holdout_metrics]
    assert ends[0] * first[0].max_epochs == first[0].max_steps
    assert all(p.seconds_left >= 0 for p in first if p.HasField("seconds_left"))


def test_metrics_are_those_of_validation_and_then_those_of_the_version(runs: Chain) -> None:
    learning = [p for p in runs.full.progress if p.stage in ("retrieval", "ranking")]
    names = {metric.name for progress in learning for metric in progress.holdout_metrics}
    assert names == {"validation_ndcg@10"}

    last = runs.warm.progress[-1]
    assert last.stage == "publish"
    assert list(last.holdout_metrics) == list(runs.store.manifest(2).evaluation.metrics)
    assert all(metric.HasField("stable") for metric in last.holdout_metrics)


def test_a_warm_start_begins_where_the_base_ended_and_a_full_run_knowing_nothing(
    runs: Chain,
) -> None:
    ends = [p.loss for p in runs.full.progress if p.stage == "retrieval" and p.holdout_metrics]
    full, warm = start_loss(runs.full, "retrieval"), start_loss(runs.warm, "retrieval")

    assert full > ends[0] > ends[-1]
    assert warm < (full + ends[-1]) / 2
    # A full run's ranker starts from the order of retrieval, which on these data is good.
    assert start_loss(runs.full, "ranking") < GUESSING / 2


def errors(tmp_path: Path) -> Iterator[tuple[Path, dict[str, Any], str]]:
    """Datasets, choices, and what is told of them."""
    good, small = tmp_path / "good.csv", tmp_path / "small.csv"
    rows = {"user_id": ["u", "v"] * 9, "item_id": [f"i{n}" for n in range(18)]}
    pd.DataFrame(rows).to_csv(good, index=False)
    small.write_text("user_id,item_id\na,x\na,y\n")
    yield tmp_path / "none", {}, f"there is no dataset at {tmp_path / 'none'}"
    yield small, {}, "the data has a single user; a model needs the events of several"
    warm = {"mode": "warm-start", "base": 3}
    yield good, warm, f"{tmp_path / 'store' / 'default'} has no version 3; it has 1"
    yield good, {"hyper_parameters": {"dropout": 2}}, "dropout must be 0 to 0.9, not 2"
    yield good, {"model": "../x"}, "the model name '../x' must be lower-case"
    yield good, {"unheard": 1}, "TypeError: "


def test_every_failure_is_one_clear_text(tmp_path: Path) -> None:
    version = tmp_path / "store" / "default" / "1"
    version.mkdir(parents=True)

    jobs = [
        (JobProcess(path, tmp_path / "store", **choices), told)
        for path, choices, told in errors(tmp_path)
    ]
    for job, told in jobs:
        with job:
            _, last, status = job.ended()
        assert list(last) == ["error"]
        assert last["error"].startswith(told)
        assert status == 1

    assert left_of(tmp_path / "store") == ["1"]


def test_an_interrupt_of_the_terminal_is_not_for_the_job(tmp_path: Path, flat: Path) -> None:
    with JobProcess(flat, tmp_path, hyper_parameters=ONE_PASS) as job:
        job.until_stage("start")
        job.process.send_signal(signal.SIGINT)
        assert job.ended()[1:] == ({"published": 1}, 0)


def test_a_job_has_the_lowest_priority(tmp_path: Path, flat: Path) -> None:
    with JobProcess(flat, tmp_path, hyper_parameters=ONE_PASS) as job:
        job.until_stage("read")

        assert os.getpriority(os.PRIO_PROCESS, job.process.pid) == 19
        autogroup = Path(f"/proc/{job.process.pid}/autogroup")
        if autogroup.exists() and autogroup.read_text():
            assert autogroup.read_text().endswith("nice 19\n")


@pytest.mark.parametrize(("stage", "step"), [("read", 0), ("retrieval", 1), ("publish", 0)])
def test_a_job_ends_with_its_line_and_leaves_nothing(
    tmp_path: Path, chains: Path, stage: str, step: int
) -> None:
    choices = {**QUICK, "max_epochs": 1} if stage == "publish" else ENDLESS
    with JobProcess(chains, tmp_path, hyper_parameters=choices) as job:
        job.until_stage(stage, step)
        job.let_go()
        _, told = job.process.communicate(timeout=HANG_SECONDS)

    assert job.process.returncode == 1
    assert "Traceback" not in told
    assert left_of(tmp_path) == []
