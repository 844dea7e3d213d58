"""The front end is started again and again, until told to stop."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from recserve.server.reading import Reading
from recserve.server.settings import Settings
from recserve.server.success_gap import SuccessGap
from recserve.server.supervisor import front_end_host
from recserve.server.supervisor.front_end_host import (
    SETTINGS_STATUS,
    FrontEndFailed,
    FrontEndHost,
)


class PlayedFrontEnd:
    """A front end process that does what the test says."""

    started: "asyncio.Queue[PlayedFrontEnd]"
    may_start: asyncio.Event

    def __init__(self) -> None:
        self.pid = 1
        self.told: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self._messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._status = 0

    @classmethod
    async def start(cls, _module: str, _argument: str) -> "PlayedFrontEnd":
        await cls.may_start.wait()
        child = cls()
        cls.started.put_nowait(child)
        return child

    def send(self, **message: Any) -> None:
        self.told.append(message)
        self._news.set()
        if "drain" in message:
            self.dies(0)

    async def watch(self, on_message: Callable[[Any], Awaitable[None]]) -> int:
        while (message := await self._messages.get()) is not None:
            await on_message(message)
        return self._status

    async def was_told(self, message: dict[str, Any]) -> None:
        async with asyncio.timeout(10):
            while message not in self.told:
                self._news.clear()
                await self._news.wait()

    def says(self, **message: Any) -> None:
        self._messages.put_nowait(message)

    def dies(self, status: int) -> None:
        self._status = status
        self._messages.put_nowait(None)

    kill = dies


@pytest.fixture
async def host(monkeypatch: pytest.MonkeyPatch) -> FrontEndHost:
    PlayedFrontEnd.started = asyncio.Queue()
    PlayedFrontEnd.may_start = asyncio.Event()
    PlayedFrontEnd.may_start.set()
    monkeypatch.setattr(front_end_host, "Child", PlayedFrontEnd)
    return FrontEndHost(
        Settings(),
        on_listening=lambda _address: None,
        on_released=lambda _socket: None,
        on_ask=answer,
        on_exit=lambda _pid: None,
    )


async def answer(ask: dict[str, Any]) -> dict[str, Any] | None:
    """Everything can be done but one thing."""
    return None if ask != {"impossible": True} else {"type": "NotFound", "message": "no"}


@pytest.fixture
async def running(host: FrontEndHost) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(host.run())
    yield task
    task.cancel()


async def life() -> PlayedFrontEnd:
    return await asyncio.wait_for(PlayedFrontEnd.started.get(), 20)


async def test_settings_that_never_worked_end_the_server(running: "asyncio.Task[None]") -> None:
    first = await life()
    first.says(fatal="no such folder")
    first.dies(SETTINGS_STATUS)
    with pytest.raises(FrontEndFailed, match="no such folder"):
        await asyncio.wait_for(running, 20)


async def test_settings_that_have_worked_are_tried_again(running: "asyncio.Task[None]") -> None:
    first = await life()
    first.says(listening=50051)
    first.dies(-9)
    second = await life()
    second.says(fatal="the key is being replaced")
    second.dies(SETTINGS_STATUS)
    await life()
    assert not running.done()


async def test_a_stop_does_not_wait_for_the_next_start(
    host: FrontEndHost, running: "asyncio.Task[None]", monkeypatch: pytest.MonkeyPatch
) -> None:
    host._backoff.deaths = 20  # the next pause is of half a minute
    first = await life()
    pauses = asyncio.Event()
    pause = host._pause

    async def seen_pause(seconds: float) -> None:
        pauses.set()
        await pause(seconds)

    monkeypatch.setattr(host, "_pause", seen_pause)
    first.dies(1)
    await asyncio.wait_for(pauses.wait(), 20)
    host.drain(10)
    await asyncio.wait_for(running, 20)


async def test_a_front_end_that_is_just_being_started_hears_of_the_stop(
    host: FrontEndHost, running: "asyncio.Task[None]"
) -> None:
    PlayedFrontEnd.may_start.clear()
    await asyncio.sleep(0)
    host.drain(7)
    PlayedFrontEnd.may_start.set()
    await asyncio.wait_for(running, 20)
    assert {"drain": 7} in (await life()).told


async def test_what_the_front_end_asks_for_is_done_and_answered(
    host: FrontEndHost, running: "asyncio.Task[None]"
) -> None:
    child = await life()
    child.says(ask={"delete_version": 1}, number=7)
    child.says(ask={"impossible": True}, number=8)
    await child.was_told({"answer": 7, "error": None})
    await child.was_told({"answer": 8, "error": {"type": "NotFound", "message": "no"}})


async def test_a_front_end_that_starts_again_hears_of_the_training(
    host: FrontEndHost, running: "asyncio.Task[None]"
) -> None:
    first = await life()
    await first.was_told({"training": None})
    host.set_training({"name": "models/default/trainingRuns/1"})
    first.dies(1)
    await (await life()).was_told({"training": {"name": "models/default/trainingRuns/1"}})


async def test_what_came_of_a_canary_is_handed_on(host: FrontEndHost) -> None:
    heard: asyncio.Queue[tuple[int, SuccessGap]] = asyncio.Queue()
    host._on_successes = lambda version, gap: heard.put_nowait((version, gap))
    running = asyncio.create_task(host.run())
    child = await asyncio.wait_for(PlayedFrontEnd.started.get(), 10)
    gap = {"rate": 0.1, "stable_rate": 0.2, "error": 0.01, "users": 500}
    child.says(successes={"version": 3, "gap": gap})
    assert await asyncio.wait_for(heard.get(), 10) == (3, SuccessGap(**gap))
    host.drain(0.0)
    await asyncio.wait_for(running, 10)


async def test_what_it_saw_of_the_answers_is_handed_on(host: FrontEndHost) -> None:
    heard: asyncio.Queue[dict[int, Reading]] = asyncio.Queue()
    host._on_readings = heard.put_nowait
    running = asyncio.create_task(host.run())
    child = await asyncio.wait_for(PlayedFrontEnd.started.get(), 10)
    child.says(readings={"3": {"asked": 5, "failed": 1, "p99_seconds": 0.5}})
    assert await asyncio.wait_for(heard.get(), 10) == {3: Reading(5, 1, 0.5)}
    host.drain(0.0)
    await asyncio.wait_for(running, 10)
