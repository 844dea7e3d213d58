"""Training runs of several servers on one database."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from recserve.server.database import Database, open_database
from recserve.server.errors import Aborted, NotFound
from recserve.server.model_store.memory import InMemoryModelStore
from recserve.server.schema import schema_from_json
from recserve.server.training.order import TrainingOrder
from recserve.server.training.report import TrainingReport
from recserve.server.training.runs import TrainingRuns
from recserve.server.training.sql_register import SqlRunRegister
from recserve.v1 import training_pb2

SCHEMA = schema_from_json("{}")
NAME = "models/default/trainingRuns/1"
CANCELLED = training_pb2.TRAINING_RUN_STATE_CANCELLED
FAILED = training_pb2.TRAINING_RUN_STATE_FAILED
RUNNING = training_pb2.TRAINING_RUN_STATE_RUNNING
LEASE_SECONDS = 0.5


class Replica:
    """A server's runs, its supervisor, and its own way to the database."""

    def __init__(self, url: str) -> None:
        self.database: Database = open_database(url)
        self.begun: list[str] = []
        self.cancelled = asyncio.Event()
        self.runs = TrainingRuns(
            model="default",
            register=SqlRunRegister(self.database, LEASE_SECONDS),
            supervision=self,  # type: ignore[arg-type]
            store=InMemoryModelStore(),  # type: ignore[arg-type]
            renewal_seconds=0.1,
        )
        self.runs.open()
        self.runs.follow(None)

    async def train(self, order: TrainingOrder) -> None:
        self.begun.append(order.name)

    async def cancel_training(self, name: str) -> None:
        if name not in self.begun:
            raise NotFound("not here")
        self.cancelled.set()

    async def start(self) -> Any:
        return await self.runs.start(training_pb2.TrainRequest(), SCHEMA, None)

    async def becomes(self, state: int) -> training_pb2.TrainingRun:
        async with asyncio.timeout(20):
            async for run in self.runs.watch(1):
                if run.state == state:
                    return run
        raise AssertionError("never")

    async def close(self) -> None:
        await self.runs.close()
        self.database.close()


@pytest.fixture
async def replicas(postgresql_url: str) -> AsyncIterator[tuple[Replica, Replica]]:
    pair = Replica(postgresql_url), Replica(postgresql_url)
    yield pair
    for replica in pair:
        await replica.close()


async def test_a_run_of_one_server_is_shown_and_left_alone_by_the_other(
    replicas: tuple[Replica, Replica],
) -> None:
    ours, theirs = replicas
    await ours.start()
    ours.runs.follow(TrainingReport(name=NAME, start_time=1.0, progress={"stage": "ranking"}))
    await theirs.becomes(RUNNING)
    with pytest.raises(Aborted):
        await theirs.start()
    await asyncio.sleep(3 * LEASE_SECONDS)  # which is renewed meanwhile
    assert (await theirs.runs.get(1)).state == RUNNING


async def test_a_run_whose_server_is_gone_is_ended_by_another(
    replicas: tuple[Replica, Replica],
) -> None:
    ours, theirs = replicas
    await ours.start()
    for worker in ours.runs._workers:  # as after a kill -9: nobody renews
        worker.cancel()
    run = await theirs.becomes(FAILED)
    assert "stopped or killed" in run.error
    assert (await theirs.start()).name == "models/default/trainingRuns/2"


async def test_a_run_is_cancelled_through_any_server(replicas: tuple[Replica, Replica]) -> None:
    ours, theirs = replicas
    await ours.start()
    run = await theirs.runs.cancel(1)
    assert run.state == CANCELLED
    async with asyncio.timeout(20):
        await ours.cancelled.wait()
