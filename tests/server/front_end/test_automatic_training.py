"""The server starts runs by itself, each time for a reason, and never two at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest

from recserve.server.errors import Aborted
from recserve.server.event_log import InMemoryEventLog
from recserve.server.events import Event
from recserve.server.front_end import automatic_training
from recserve.server.front_end.automatic_training import AutomaticTraining
from recserve.server.front_end.current_schema import CurrentSchema
from recserve.server.front_end.version_states import Standing, VersionStates
from recserve.server.item_table import ItemTable
from recserve.server.labels import STABLE
from recserve.server.model_store.memory import InMemoryModelStore
from recserve.server.recommending.versions import ServedVersion, ServedVersions
from recserve.server.schema import declare
from recserve.server.training import InMemoryRunRegister
from recserve.server.training.order import TrainingOrder
from recserve.server.training.report import TrainingReport
from recserve.server.training.runs import TrainingRuns
from recserve.server.training.schedule import Schedule
from recserve.v1 import model_pb2, schema_pb2, training_pb2


class Stage:
    """A log, a register and a store, and a supervisor that the test plays."""

    def __init__(self, schedule: Schedule) -> None:
        self.now = 1_000_000.0
        self.log = InMemoryEventLog()
        self.register = InMemoryRunRegister()
        self.store = InMemoryModelStore()
        self.versions = ServedVersions()
        self.states = VersionStates()
        self.orders: asyncio.Queue[TrainingOrder] = asyncio.Queue()
        self._schedule = schedule
        self.opened()

    def opened(self) -> None:
        """What a front end that starts makes."""
        self.runs = TrainingRuns(
            model="default",
            register=self.register,
            supervision=self,
            store=self.store,
            clock=lambda: self.now,
        )
        self.automatic = AutomaticTraining(
            self._schedule,
            runs=self.runs,
            log=self.log,
            position=self.log.last_position,
            store=self.store,
            versions=self.versions,
            states=self.states,
            schema=CurrentSchema(declare(schema_pb2.Schema()), fixed=True),
            clock=lambda: self.now,
        )
        self.runs.open()
        self.runs.follow(None)
        self.automatic.open()

    async def close(self) -> None:
        await self.automatic.close()
        await self.runs.close()

    async def train(self, order: TrainingOrder) -> None:
        self.orders.put_nowait(order)

    async def cancel_training(self, name: str) -> None: ...

    async def set_label(self, label: str, version: int) -> None: ...

    async def delete_version(self, version: int) -> None: ...

    def events(self, count: int, item: str = "a") -> None:
        """Events are stored, and the view hears of them."""
        at = self.log.last_position()
        new = [Event(f"{at + n}", "u", item, "click", None, 0.0) for n in range(count)]
        (appended,) = self.log.append_groups([new])
        self.automatic.saw(appended.accepted)

    async def ordered(self) -> TrainingOrder:
        return await asyncio.wait_for(self.orders.get(), 10)

    async def nothing_is_ordered(self) -> None:
        """Not after all that can happen by itself has happened."""
        for _ in range(50):
            await asyncio.sleep(0)
        await asyncio.to_thread(lambda: None)
        await asyncio.sleep(0.05)
        assert self.orders.empty()

    async def ends(self, order: TrainingOrder, state: str = "SUCCEEDED", **fields: Any) -> None:
        """A run ends, and everybody has heard of it."""
        self.runs.follow(
            TrainingReport(
                name=order.name, state=state, start_time=self.now, end_time=self.now, **fields
            )
        )
        number = int(order.name.rpartition("/")[2])
        async with asyncio.timeout(10):
            async for _ in self.runs.watch(number):
                pass

    def becomes_stable(self, number: int) -> None:
        manifest = model_pb2.ModelVersion(version=number)
        self.store.put(manifest)
        items = ItemTable(["a"], np.ones(1, np.float32))
        self.versions.put(ServedVersion.of(manifest, items))
        self.versions.set_label(STABLE, number)
        self.automatic.look_soon()

    async def newest(self) -> training_pb2.TrainingRun:
        (run,) = await self.runs.newest(None, 1)
        return run


@pytest.fixture
async def stages() -> AsyncIterator[Callable[..., Stage]]:
    made: list[Stage] = []

    def make(**schedule: Any) -> Stage:
        made.append(Stage(Schedule(**schedule)))
        return made[-1]

    yield make
    for stage in made:
        await stage.close()


async def test_events_bring_a_run_and_more_events_the_next(stages: Any) -> None:
    stage = stages(every_events=10)
    stage.events(9)
    await stage.nothing_is_ordered()
    stage.events(1)
    first = await stage.ordered()
    assert (first.warm_start, first.stable, first.promotion) == (False, None, "if-better")
    assert (await stage.newest()).trigger == "10 new events"
    stage.events(10)
    await stage.nothing_is_ordered()  # a run is at work
    stage.becomes_stable(1)
    await stage.ends(first, version=1, log_position=15)
    await stage.nothing_is_ordered()
    stage.events(5)
    second = await stage.ordered()
    assert (second.warm_start, second.base, second.stable) == (True, 1, 1)


async def test_events_that_came_while_a_run_was_at_work_count(stages: Any) -> None:
    stage = stages(every_events=10)
    stage.events(10)
    first = await stage.ordered()
    stage.events(10)
    stage.becomes_stable(1)
    await stage.ends(first, version=1, log_position=10)
    await stage.ordered()
    assert (await stage.newest()).trigger == "10 new events"


async def test_a_restart_goes_on_counting_where_the_last_run_ended(stages: Any) -> None:
    stage = stages(every_events=10)
    stage.events(10)
    stage.becomes_stable(1)
    await stage.ends(await stage.ordered(), version=1, log_position=10)
    stage.events(6)
    await stage.close()
    stage.opened()
    await stage.nothing_is_ordered()
    stage.events(4)
    await stage.ordered()


async def test_a_run_that_fails_is_not_repeated_at_once(
    stages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automatic_training, "LOOK_SECONDS", 0.01)
    stage = stages(every_events=10)
    stage.events(10)
    await stage.ends(await stage.ordered(), "FAILED", error="a single user")
    stage.events(100)
    await stage.nothing_is_ordered()
    stage.now += 300
    again = await stage.ordered()
    await stage.ends(again, "FAILED", error="a single user")
    stage.now += 300
    await stage.nothing_is_ordered()
    stage.now += 300
    await stage.ordered()


async def test_hours_bring_a_run_once_there_are_events(
    stages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automatic_training, "LOOK_SECONDS", 0.01)
    stage = stages(every_hours=2, promotion="canary")
    stage.now += 7200
    await stage.nothing_is_ordered()
    stage.events(1)
    assert (await stage.ordered()).promotion == "canary"


async def test_drift_brings_a_full_run(stages: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automatic_training, "LOOK_SECONDS", 0.01)
    stage = stages(on_drift=0.5, every_events=1500)
    stage.events(1500)
    first = await stage.ordered()
    stage.becomes_stable(1)
    learned = stage.store.manifest(1)
    learned.cleaning.summary.distributions.add(
        name="item", count=1500, values=["a"], shares=[1.0, 0.0]
    )
    stage.store.put(learned)
    await stage.ends(first, version=1, log_position=1500)
    stage.events(1000, "b")
    assert not (await stage.ordered()).warm_start
    assert "1.00 away" in (await stage.newest()).trigger


async def test_a_version_that_is_about_to_be_stable_is_waited_for(stages: Any) -> None:
    stage = stages(every_events=10)
    stage.store.put(model_pb2.ModelVersion(version=1))
    stage.events(10)
    await stage.nothing_is_ordered()
    stage.becomes_stable(1)
    assert (await stage.ordered()).stable == 1


async def test_but_not_one_that_is_refused(stages: Any) -> None:
    stage = stages(every_events=10)
    stage.store.put(model_pb2.ModelVersion(version=1))
    failed = Standing(model_pb2.MODEL_VERSION_STATE_FAILED)
    stage.states.replace({1: failed})
    stage.events(10)
    assert (await stage.ordered()).stable is None


async def test_another_server_of_the_database_may_be_first(
    stages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = stages(every_events=10)

    def taken(*_: object) -> None:
        raise Aborted("another server was first")

    monkeypatch.setattr(stage.register, "add", taken)
    stage.events(10)
    await stage.nothing_is_ordered()
    monkeypatch.undo()
    stage.automatic.look_soon()
    await stage.ordered()


async def test_without_a_rule_nothing_is_looked_at(stages: Any) -> None:
    stage = stages()
    stage.events(1000)
    await stage.nothing_is_ordered()
