"""The register and what the supervisor says are kept in step, whatever ends in between."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from recserve.server.errors import Aborted, FailedPrecondition, NotFound, Unavailable
from recserve.server.model_store.memory import InMemoryModelStore
from recserve.server.schema import declare
from recserve.server.training import InMemoryRunRegister, runs
from recserve.server.training.order import TrainingOrder
from recserve.server.training.report import TrainingReport
from recserve.server.training.runs import CUT_OFF, TrainingRuns
from recserve.v1 import model_pb2, schema_pb2, training_pb2

QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED = (
    getattr(training_pb2, f"TRAINING_RUN_STATE_{name}")
    for name in ("QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED")
)
SCHEMA = declare(schema_pb2.Schema())
NAME = "models/default/trainingRuns/1"


class Supervisor:
    """Takes orders; the test says what becomes of them."""

    def __init__(self) -> None:
        self.orders: list[TrainingOrder] = []
        self.refusal: Exception | None = None
        self.cancelled: asyncio.Queue[str] = asyncio.Queue()

    async def train(self, order: TrainingOrder) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.orders.append(order)

    async def cancel_training(self, name: str) -> None:
        if name not in [order.name for order in self.orders]:
            raise NotFound(f"{name} is not at work")
        self.cancelled.put_nowait(name)

    async def set_label(self, label: str, version: int) -> None: ...

    async def delete_version(self, version: int) -> None: ...


class FailingRegister(InMemoryRunRegister):
    """A register on a disk that fails so many times."""

    failures = 0

    def put(self, run: training_pb2.TrainingRun) -> bool:
        if self.failures:
            self.failures -= 1
            raise Unavailable("the disk failed")
        return super().put(run)


class Stage:
    """Runs over a register that outlives them."""

    def __init__(self) -> None:
        self.register = FailingRegister()
        self.store = InMemoryModelStore()
        self.supervisor = Supervisor()
        self.runs = self.opened()

    def opened(self) -> TrainingRuns:
        """What a front end that starts makes."""
        self.runs = TrainingRuns(
            model="default",
            register=self.register,
            supervision=self.supervisor,
            store=self.store,
            clock=lambda: 1000.0,
        )
        self.runs.open()
        return self.runs

    async def start(self, **fields: Any) -> training_pb2.TrainingRun:
        return await self.runs.start(training_pb2.TrainRequest(**fields), SCHEMA, 3)

    async def becomes(self, state: Any, number: int = 1) -> training_pb2.TrainingRun:
        """Wait until a run is in a state."""
        async with asyncio.timeout(10):
            async for run in self.runs.watch(number):
                if run.state == state:
                    return run
        raise AssertionError(f"run {number} never got there: {run}")


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    stage.runs.follow(None)
    yield stage
    await stage.runs.close()


def report(**fields: Any) -> TrainingReport:
    return TrainingReport(**{"name": NAME, "start_time": 1001.0, **fields})


async def test_a_run_is_ordered_registered_and_followed_to_its_end(stage: Stage) -> None:
    run = await stage.start(
        mode=model_pb2.TRAINING_MODE_WARM_START,
        hyper_parameters={"seed": 7, "hidden_layers": [8, 4]},
    )
    assert (run.name, run.state) == (NAME, QUEUED)
    (order,) = stage.supervisor.orders
    assert (order.name, order.warm_start, order.base, order.stable) == (NAME, True, 3, 3)
    assert order.hyper_parameters == {"seed": 7, "hidden_layers": [8, 4]}
    stage.runs.follow(report(progress={"stage": "ranking", "epoch": 2, "loss": 0.5}))
    run = await stage.becomes(RUNNING)
    assert (run.progress.stage, run.progress.epoch, run.progress.loss) == ("ranking", 2, 0.5)
    stage.runs.follow(report(state="SUCCEEDED", version=4, end_time=1002.0))
    run = await stage.becomes(SUCCEEDED)
    assert run.model_version.name == "models/default/versions/4"
    assert (run.start_time.seconds, run.end_time.seconds) == (1001, 1002)
    assert stage.register.get("default", 1) == run


async def test_a_watcher_hears_every_change_and_then_the_end(stage: Stage) -> None:
    await stage.start()
    seen = []
    async for run in stage.runs.watch(1):
        seen.append((run.state, run.progress.stage))
        if len(seen) == 1:
            stage.runs.follow(report(progress={"stage": "read"}))
        elif len(seen) == 2:
            stage.runs.follow(report(state="FAILED", error="no", end_time=1.0))
    assert seen == [(QUEUED, ""), (RUNNING, "read"), (FAILED, "read")]
    assert [run.error async for run in stage.runs.watch(1)] == ["no"]


async def test_a_second_run_is_refused_while_one_is_at_work(stage: Stage) -> None:
    await stage.start()
    with pytest.raises(Aborted, match="training run 1 is at work"):
        await stage.start()
    stage.runs.follow(report(state="FAILED", error="no", end_time=1.0))
    await stage.becomes(FAILED)
    assert (await stage.start()).name.endswith("/2")


async def test_a_repeated_request_finds_its_run(stage: Stage) -> None:
    first = await stage.start(request_id="once")
    stage.runs.follow(report(progress={"stage": "read"}))
    await stage.becomes(RUNNING)
    again = await stage.start(request_id="once")
    assert (again.name, again.state) == (first.name, RUNNING)
    assert len(stage.supervisor.orders) == 1


async def test_a_run_that_cannot_be_ordered_has_failed(stage: Stage) -> None:
    stage.supervisor.refusal = Unavailable("the server is stopping")
    with pytest.raises(Unavailable):
        await stage.start()
    assert (await stage.becomes(FAILED)).error == "the server is stopping"


async def test_a_caller_who_leaves_leaves_no_run_that_nobody_does(stage: Stage) -> None:
    calling = asyncio.create_task(stage.start())
    await asyncio.sleep(0)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await asyncio.gather(*stage.runs._tasks)
    assert len(stage.supervisor.orders) == len(stage.register.orphaned("default")) == 1


async def test_runs_that_an_earlier_server_left_have_failed() -> None:
    stage = Stage()
    stage.runs.follow(None)
    await stage.start()
    await stage.runs.close()
    runs = stage.opened()
    runs.follow(None)
    run = await stage.becomes(FAILED)
    assert run.error == CUT_OFF
    assert run.end_time.seconds == 1000
    await runs.close()


async def test_a_run_whose_version_is_in_the_store_has_succeeded_whoever_died() -> None:
    stage = Stage()
    stage.runs.follow(None)
    await stage.start()
    await stage.runs.close()
    made = model_pb2.ModelVersion(version=6, training_run=NAME)
    made.create_time.FromSeconds(1001)
    stage.store.put(made)
    runs = stage.opened()
    runs.follow(None)
    run = await stage.becomes(SUCCEEDED)
    assert run.model_version.version == 6
    await runs.close()


async def test_a_run_goes_on_while_the_front_end_starts_again() -> None:
    stage = Stage()
    stage.runs.follow(None)
    await stage.start()
    await stage.runs.close()
    runs = stage.opened()
    runs.follow(report(progress={"stage": "ranking"}))
    await stage.becomes(RUNNING)
    runs.follow(report(state="SUCCEEDED", version=4, end_time=1.0))
    await stage.becomes(SUCCEEDED)
    runs.follow(report(state="FAILED", error="late news", end_time=2.0))
    await runs.close()
    kept = stage.register.get("default", 1)
    assert kept is not None
    assert kept.state == SUCCEEDED


async def test_no_run_is_started_before_the_supervisor_has_spoken() -> None:
    stage = Stage()
    starting = asyncio.create_task(stage.start())
    await asyncio.sleep(0.05)
    assert not starting.done()
    stage.runs.follow(None)
    assert (await asyncio.wait_for(starting, 10)).state == QUEUED
    await stage.runs.close()


async def test_a_start_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "KNOWN_SECONDS", 0.01)
    stage = Stage()
    with pytest.raises(Unavailable, match="not known yet"):
        await stage.start()
    await stage.runs.close()


async def test_a_store_that_cannot_be_read_at_the_start_is_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "RETRY_SECONDS", 0)
    stage = Stage()
    stage.runs.follow(None)
    await stage.start()
    await stage.runs.close()
    failures = [OSError(5, "Input/output error")] * 2

    def made_by(_name: str, _since: float) -> int | None:
        if failures:
            raise failures.pop()
        return None

    monkeypatch.setattr(stage.store, "made_by", made_by)
    opened = stage.opened()
    opened.follow(None)
    assert (await stage.becomes(FAILED)).error == CUT_OFF
    await opened.close()


async def test_an_end_that_cannot_be_written_is_written_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "RETRY_SECONDS", 0)
    await stage.start()
    stage.register.failures = 3
    stage.runs.follow(report(state="SUCCEEDED", version=4, end_time=1.0))
    await stage.becomes(SUCCEEDED)
    assert stage.register.orphaned("default") == []


async def test_what_was_heard_last_is_written_when_the_front_end_ends(stage: Stage) -> None:
    await stage.start()
    stage.runs.follow(report(state="FAILED", error="the server was stopped", end_time=1.0))
    await stage.runs.close()
    kept = stage.register.get("default", 1)
    assert kept is not None
    assert kept.error == "the server was stopped"


async def test_a_run_is_cancelled(stage: Stage) -> None:
    await stage.start()
    cancelling = asyncio.create_task(stage.runs.cancel(1))
    assert await asyncio.wait_for(stage.supervisor.cancelled.get(), 10) == NAME
    stage.runs.follow(report(state="CANCELLED", error="it was cancelled", end_time=1.0))
    assert (await asyncio.wait_for(cancelling, 10)).state == CANCELLED
    assert (await stage.runs.cancel(1)).state == CANCELLED


async def test_a_run_that_ended_otherwise_is_not_cancelled(stage: Stage) -> None:
    await stage.start()
    stage.runs.follow(report(state="SUCCEEDED", version=4, end_time=1.0))
    await stage.becomes(SUCCEEDED)
    with pytest.raises(FailedPrecondition, match="has succeeded already"):
        await stage.runs.cancel(1)


async def test_a_run_that_never_began_can_be_cancelled(stage: Stage) -> None:
    await stage.start()
    stage.supervisor.orders.clear()
    assert (await asyncio.wait_for(stage.runs.cancel(1), 10)).state == CANCELLED


async def test_a_watcher_is_sent_away_when_the_server_drains(stage: Stage) -> None:
    await stage.start()
    watching = stage.runs.watch(1)
    await anext(watching)
    stage.runs.drain()
    with pytest.raises(Unavailable):
        await anext(watching)


async def test_what_is_not_there_is_not_found(stage: Stage) -> None:
    for work in (stage.runs.get(9), stage.runs.cancel(9), anext(stage.runs.watch(9))):
        with pytest.raises(NotFound):
            await work
