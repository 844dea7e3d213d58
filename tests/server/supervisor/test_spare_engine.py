"""A spare engine is made when told, given away once, and made again after it died."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from recserve.server.settings import Settings
from recserve.server.supervisor import backoff, spare_engine
from recserve.server.supervisor.spare_engine import SpareEngine

READY = {"state": "spare"}


class PlayedSpare:
    """A spare's process that does what the test says."""

    started: "asyncio.Queue[PlayedSpare]"

    def __init__(self, argument: str) -> None:
        self.pid = 1
        self.argument = argument
        self.is_stopped = False
        self._messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._ended = asyncio.Event()
        self.is_watched = asyncio.Event()

    @classmethod
    async def start(
        cls, _module: str, argument: str, _environment: dict[str, str]
    ) -> "PlayedSpare":
        child = cls(argument)
        cls.started.put_nowait(child)
        return child

    async def receive(self) -> dict[str, Any] | None:
        return await self._messages.get()

    async def until_ended(self) -> int:
        self.is_watched.set()
        await self._ended.wait()
        return -9

    def kill(self) -> None:
        self.dies()

    async def stop(self, _patience: float) -> None:
        self.is_stopped = True
        self.dies()

    def says(self, message: dict[str, Any]) -> None:
        self._messages.put_nowait(message)

    def dies(self) -> None:
        self._messages.put_nowait(None)
        self._ended.set()


class Stage:
    """A spare engine, and how often it was said that another one may be made."""

    def __init__(self, **settings: Any) -> None:
        self.changes: asyncio.Queue[None] = asyncio.Queue()
        self.exits: list[int] = []
        self.spare = SpareEngine(
            Settings(**settings),
            on_change=lambda: self.changes.put_nowait(None),
            on_exit=self.exits.append,
        )

    async def process(self) -> PlayedSpare:
        return await asyncio.wait_for(PlayedSpare.started.get(), 10)

    async def ready(self) -> PlayedSpare:
        self.spare.prepare()
        child = await self.process()
        child.says(READY)
        await asyncio.wait_for(child.is_watched.wait(), 10)
        return child

    async def change(self) -> None:
        await asyncio.wait_for(self.changes.get(), 10)


@pytest.fixture(autouse=True)
def played(monkeypatch: pytest.MonkeyPatch) -> None:
    PlayedSpare.started = asyncio.Queue()
    monkeypatch.setattr(spare_engine, "Child", PlayedSpare)
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.0)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage(device="cpu")
    yield stage
    await stage.spare.stop()


async def test_there_is_none_until_it_is_made(stage: Stage) -> None:
    assert stage.spare.take() is None
    assert PlayedSpare.started.empty()


async def test_it_is_given_away_once_and_another_one_is_made(stage: Stage) -> None:
    first = await stage.ready()
    assert '"device": "cpu"' in first.argument
    stage.spare.prepare()
    assert stage.spare.take() is first
    assert stage.spare.take() is None
    second = await stage.ready()
    assert stage.spare.take() is second


async def test_one_that_is_not_ready_is_not_given_away(stage: Stage) -> None:
    stage.spare.prepare()
    await stage.process()
    assert stage.spare.take() is None


async def test_one_that_dies_is_made_again_when_told(stage: Stage) -> None:
    (await stage.ready()).dies()
    await stage.change()
    assert stage.exits == [1]
    assert stage.spare.take() is None
    again = await stage.ready()
    assert stage.spare.take() is again


async def test_one_that_fails_before_it_is_ready_is_made_again_when_told(stage: Stage) -> None:
    stage.spare.prepare()
    child = await stage.process()
    child.says({"state": "failed", "error": "DeviceMissing: no GPU"})
    child.dies()
    await stage.change()
    assert stage.spare.take() is None
    await stage.ready()


async def test_no_process_is_no_spare(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_module: str, _argument: str, _environment: dict[str, str]) -> None:
        raise BlockingIOError("no process is left")

    with monkeypatch.context() as patch:
        patch.setattr(PlayedSpare, "start", fail)
        stage.spare.prepare()
        await stage.change()
    await stage.ready()


async def test_it_ends_with_the_server_and_no_other_one_is_made(stage: Stage) -> None:
    child = await stage.ready()
    await stage.spare.stop()
    assert child.is_stopped
    stage.spare.prepare()
    assert stage.spare.take() is None
    assert PlayedSpare.started.empty()


async def test_one_that_was_given_away_is_not_stopped_with_the_spare(stage: Stage) -> None:
    child = await stage.ready()
    assert stage.spare.take() is child
    await stage.spare.stop()
    assert not child.is_stopped


async def test_none_is_made_where_none_is_wanted() -> None:
    stage = Stage(spare_engine=False)
    stage.spare.prepare()
    await stage.spare.stop()
    assert PlayedSpare.started.empty()
