"""A training is an export and a trainer, and its report says how it ended whatever happens."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from recserve.server.errors import Aborted, NotFound
from recserve.server.model_store import ModelStore
from recserve.server.settings import Settings
from recserve.server.supervisor import training_host
from recserve.server.supervisor.training_host import EXPORT, TRAINER, TrainingHost
from recserve.server.training.order import TrainingOrder
from server.artefact import manifest, write_manifest, write_version

NAME = "models/default/trainingRuns/3"


class PlayedProcess:
    """A process of a run that does what the test says."""

    started: "asyncio.Queue[PlayedProcess]"
    pid = 1

    def __init__(self, module: str, argument: str) -> None:
        self.module = module
        self.argument: dict[str, Any] = json.loads(argument)
        self._messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._status = 0
        self.on_stop: Callable[[], None] = lambda: self.ends(-15)

    @classmethod
    async def start(cls, module: str, argument: str) -> "PlayedProcess":
        process = cls(module, argument)
        cls.started.put_nowait(process)
        return process

    async def watch(self, on_message: Callable[[Any], Awaitable[None]]) -> int:
        while (message := await self._messages.get()) is not None:
            await on_message(message)
        return self._status

    async def stop(self, _patience: float) -> None:
        self.on_stop()

    def says(self, **message: Any) -> None:
        self._messages.put_nowait(message)

    def ends(self, status: int, **message: Any) -> None:
        if message:
            self.says(**message)
        self._status = status
        self._messages.put_nowait(None)


class Stage:
    """A host of trainings, and what it reports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "run"
        self.folder.mkdir()
        self.model_folder = folder / "models" / "default"
        self.reports: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self.host = TrainingHost(
            settings=Settings(store=folder / "models", events="sqlite:///events.db"),
            store=ModelStore(self.model_folder),
            folder=self.folder,
            on_change=self._hear,
        )

    def _hear(self, report: dict[str, Any]) -> None:
        self.reports.append(report)
        self._news.set()

    def exports(self) -> list[str]:
        return list(map(str, self.folder.iterdir()))

    async def process(self, module: str) -> PlayedProcess:
        process = await asyncio.wait_for(PlayedProcess.started.get(), 10)
        assert process.module == module
        return process

    async def ended(self, times: int = 1) -> dict[str, Any]:
        """The last report, once so many runs have ended."""
        async with asyncio.timeout(10):
            while sum(report["end_time"] is not None for report in self.reports) < times:
                self._news.clear()
                await self._news.wait()
        return self.reports[-1]


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    PlayedProcess.started = asyncio.Queue()
    monkeypatch.setattr(training_host, "Child", PlayedProcess)
    stage = Stage(tmp_path)
    yield stage
    await stage.host.stop()


def order(**chosen: Any) -> TrainingOrder:
    return TrainingOrder(name=NAME, schema="{}", **chosen)


async def test_the_log_is_exported_and_learned_from(stage: Stage) -> None:
    stage.host.start(order(since=1.0, stable=2, promotion="always", hyper_parameters={"seed": 7}))
    export = await stage.process(EXPORT)
    assert export.argument["events"] == "sqlite:///events.db"
    assert export.argument["since"] == 1.0
    assert not export.argument["keep_event_types"]
    folder = export.argument["folder"]
    assert stage.exports() == [folder]
    export.ends(0, exported={"log_position": 12, "event_count": 9})
    trainer = await stage.process(TRAINER)
    assert trainer.argument["path"] == folder
    assert trainer.argument["log_position"] == 12
    assert stage.host._report is not None
    assert stage.host._report.log_position == 12
    assert trainer.argument["training_run"] == NAME
    assert (trainer.argument["mode"], trainer.argument["stable"]) == ("full", 2)
    assert trainer.argument["promotion"] == "always"
    assert trainer.argument["hyper_parameters"] == {"seed": 7}
    trainer.ends(0, published=4)
    ended = await stage.ended()
    assert (ended["state"], ended["version"], ended["error"]) == ("SUCCEEDED", 4, "")
    assert stage.exports() == []


async def test_a_dataset_is_learned_from_as_it_is(stage: Stage) -> None:
    stage.host.start(order(dataset_path="data", warm_start=True, base=1))
    trainer = await stage.process(TRAINER)
    assert (trainer.argument["path"], trainer.argument["base"]) == ("data", 1)
    assert trainer.argument["mode"] == "warm-start"
    trainer.ends(0, published=1)
    assert (await stage.ended())["state"] == "SUCCEEDED"


async def test_the_versions_that_a_run_reads_are_in_use_until_it_ends(stage: Stage) -> None:
    assert stage.host.versions_in_use == frozenset()
    stage.host.start(order(dataset_path="data", warm_start=True, base=1, stable=2))
    await stage.process(TRAINER)
    assert stage.host.versions_in_use == {1, 2}
    await stage.host.cancel(NAME)
    assert stage.host.versions_in_use == frozenset()


async def test_progress_is_reported(stage: Stage) -> None:
    stage.host.start(order(dataset_path="data"))
    trainer = await stage.process(TRAINER)
    trainer.says(progress={"stage": "ranking", "epoch": 2})
    trainer.ends(0, published=1)
    await stage.ended()
    assert [report["progress"] for report in stage.reports][:2] == [
        None,
        {"stage": "ranking", "epoch": 2},
    ]
    assert stage.reports[0]["state"] == "RUNNING"


async def test_what_a_run_says_is_kept_with_its_report(stage: Stage) -> None:
    stage.host.start(order(dataset_path="data"))
    trainer = await stage.process(TRAINER)
    trainer.says(progress={"stage": "clean"})
    trainer.says(note={"stage": "clean", "text": "3 rows were left out"})
    trainer.ends(1, error="no events are left")
    report = await stage.ended()
    assert [(line["stage"], line["text"]) for line in report["lines"]] == [
        ("clean", "begins"),
        ("clean", "3 rows were left out"),
        ("clean", "failed: no events are left"),
    ]


async def test_a_failed_export_or_training_gives_its_reason(stage: Stage) -> None:
    stage.host.start(order())
    (await stage.process(EXPORT)).ends(1, error="the event log has no events")
    ended = await stage.ended()
    assert (ended["state"], ended["error"]) == ("FAILED", "the event log has no events")


async def test_a_process_that_is_killed_is_told_of_with_its_stage(stage: Stage) -> None:
    stage.host.start(order(dataset_path="data"))
    trainer = await stage.process(TRAINER)
    trainer.says(progress={"stage": "ranking"})
    trainer.ends(-9)
    ended = await stage.ended()
    assert ended["state"] == "FAILED"
    assert "SIGKILL in the stage 'ranking'" in ended["error"]


async def test_a_trainer_that_is_killed_after_it_published_has_succeeded(stage: Stage) -> None:
    stage.host.start(order(dataset_path="data"))
    trainer = await stage.process(TRAINER)
    folder = write_version(stage.model_folder, 5)
    whole = manifest(folder)
    whole.training_run = NAME
    whole.create_time.GetCurrentTime()
    write_manifest(folder, whole)
    trainer.ends(-9)
    ended = await stage.ended()
    assert (ended["state"], ended["version"], ended["error"]) == ("SUCCEEDED", 5, "")


async def test_a_version_of_an_earlier_run_of_the_same_name_is_not_this_ones(
    stage: Stage,
) -> None:
    folder = write_version(stage.model_folder, 5)
    whole = manifest(folder)
    whole.training_run = NAME
    whole.create_time.FromSeconds(1000)
    write_manifest(folder, whole)
    stage.host.start(order())
    (await stage.process(EXPORT)).ends(1, error="the event log has no events")
    assert (await stage.ended())["state"] == "FAILED"


async def test_a_run_ends_also_where_the_store_cannot_be_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(_store: ModelStore) -> list[int]:
        raise OSError(116, "Stale file handle")

    monkeypatch.setattr(ModelStore, "versions", stale)
    stage.host.start(order(dataset_path="data"))
    (await stage.process(TRAINER)).ends(1, error="the store is gone")
    ended = await stage.ended()
    assert (ended["state"], ended["error"]) == ("FAILED", "the store is gone")


async def test_only_one_runs_at_a_time(stage: Stage) -> None:
    stage.host.start(order(dataset_path="data"))
    with pytest.raises(Aborted):
        stage.host.start(order(dataset_path="data"))
    (await stage.process(TRAINER)).ends(0, published=1)
    await stage.ended()


async def test_a_cancelled_run_ends_as_cancelled_and_the_next_one_works(stage: Stage) -> None:
    stage.host.start(order(dataset_path="data"))
    await stage.process(TRAINER)
    await asyncio.wait_for(stage.host.cancel(NAME), 10)
    ended = stage.reports[-1]
    assert (ended["state"], ended["error"]) == ("CANCELLED", "it was cancelled")
    stage.host.start(order(dataset_path="data"))
    (await stage.process(TRAINER)).ends(0, published=1)
    assert (await stage.ended(2))["state"] == "SUCCEEDED"


async def test_a_run_that_publishes_while_it_is_cancelled_has_succeeded(stage: Stage) -> None:
    stage.host.start(order(dataset_path="data"))
    trainer = await stage.process(TRAINER)
    trainer.on_stop = lambda: trainer.ends(0, published=2)
    await asyncio.wait_for(stage.host.cancel(NAME), 10)
    assert (stage.reports[-1]["state"], stage.reports[-1]["version"]) == ("SUCCEEDED", 2)


async def test_a_cancelled_export_is_not_followed_by_a_training(stage: Stage) -> None:
    stage.host.start(order())
    export = await stage.process(EXPORT)
    export.on_stop = lambda: export.ends(0, exported={"log_position": 1, "event_count": 1})
    await asyncio.wait_for(stage.host.cancel(NAME), 10)
    assert stage.reports[-1]["state"] == "CANCELLED"
    assert PlayedProcess.started.empty()


async def test_what_is_not_at_work_cannot_be_cancelled(stage: Stage) -> None:
    with pytest.raises(NotFound):
        await stage.host.cancel(NAME)


async def test_a_server_that_stops_ends_its_training(stage: Stage) -> None:
    stage.host.start(order(dataset_path="data"))
    await stage.process(TRAINER)
    await asyncio.wait_for(stage.host.stop(), 10)
    ended = stage.reports[-1]
    assert (ended["state"], ended["error"]) == ("FAILED", "the server was stopped")
