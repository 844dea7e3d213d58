"""Versions over real stores and hosts, with engines that are only played."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from recserve.server.model_store import ModelStore
from recserve.server.settings import Settings
from recserve.server.supervisor.store_watch import StoreView
from recserve.server.supervisor.versions import Description, Versions
from server.artefact import write_version

States = dict[int, tuple[str, str]]
"""Label and state by version."""


class PlayedChild:
    """An engine process that does what the test says."""

    started: "asyncio.Queue[PlayedChild]"
    pids = iter(range(10**6, 10**7))

    def __init__(self, argument: str) -> None:
        self.argument = argument
        self.pid = next(self.pids)
        self.told: list[dict[str, Any]] = []
        self._messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.is_told = asyncio.Event()
        self._ended, self._is_heard = asyncio.Event(), asyncio.Event()
        self._status = 0

    @property
    def is_spare(self) -> bool:
        return not json.loads(self.argument)["folder"]

    @classmethod
    async def start(
        cls, _module: str, argument: str, _environment: dict[str, str]
    ) -> "PlayedChild":
        child = cls(argument)
        cls.started.put_nowait(child)
        return child

    async def watch(self, on_message: Callable[[Any], Awaitable[None]]) -> int:
        while (message := await self._messages.get()) is not None:
            await on_message(message)
        return self._status

    async def receive(self) -> dict[str, Any] | None:
        return await self._messages.get()

    async def until_ended(self) -> int:
        self._is_heard.set()
        await self._ended.wait()
        return self._status

    def send(self, **message: Any) -> None:
        self.told.append(message)
        self.is_told.set()

    def kill(self) -> None:
        self.dies(-9)

    async def stop(self, _patience: float) -> None:
        self.dies(0)

    async def is_waiting(self) -> None:
        """It is a spare, and the supervisor has heard that it is ready."""
        self._messages.put_nowait({"state": "spare"})
        await asyncio.wait_for(self._is_heard.wait(), 10)

    def is_ready(self) -> None:
        self._messages.put_nowait({"state": "ready", "items": 2, "device": "CPU"})

    def fails(self, error: str) -> None:
        self._messages.put_nowait({"state": "failed", "error": error})
        self.dies(1)

    def dies(self, status: int) -> None:
        self._status = status
        self._ended.set()
        self._messages.put_nowait(None)


class Stage:
    """Versions without a front end, over a store that is looked at when the test says so."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.model_folder = folder / "default"
        self.store = ModelStore(self.model_folder)
        self.described: list[Description] = []
        self._told: asyncio.Queue[States] = asyncio.Queue()
        self.versions = Versions(
            settings=Settings(
                **{"store": folder, "drain_seconds": 0, "spare_engine": False, **settings}
            ),
            store=self.store,
            folder=folder,
            on_change=self._hear,
            on_exit=lambda _pid: None,
            in_use=lambda: frozenset(self.in_use),
            on_rollback=lambda kind: self.rollbacks.append(kind),
        )
        self.rollbacks: list[str] = []
        self.in_use: set[int] = set()

    def _hear(self, described: list[Description]) -> None:
        self.described = described
        states = {each["number"]: (",".join(each["labels"]), each["state"]) for each in described}
        self._told.put_nowait({n: (label, state.lower()) for n, (label, state) in states.items()})

    def stored(self, *numbers: int, changed: tuple[int, ...] = ()) -> None:
        """Versions are written, and the watch notices."""
        for number in numbers:
            if not (self.model_folder / str(number)).exists():
                write_version(self.model_folder, number)
        pins, rollbacks = self.store.pins(), self.store.rollbacks()
        self.versions.see(StoreView(numbers, frozenset(changed), pins=pins, rollbacks=rollbacks))

    async def serves(self, *numbers: int) -> None:
        """Versions are written, and the last one becomes stable."""
        self.stored(*numbers)
        (await self.engine()).is_ready()
        await self.becomes(
            {n: ("stable", "serving") if n == numbers[-1] else ("", "available") for n in numbers}
        )

    async def engine(self) -> PlayedChild:
        return await asyncio.wait_for(PlayedChild.started.get(), 10)

    async def becomes(self, expected: States) -> None:
        """Waits until the versions stand like this."""
        seen = []
        try:
            async with asyncio.timeout(10):
                while (states := await self._told.get()) != expected:
                    seen.append(states)
        except TimeoutError:
            pytest.fail(f"never {expected}, but {seen}")

    async def becomes_stable(self, version: int) -> None:
        """Waits until a version is stable, however the others stand."""
        async with asyncio.timeout(10):
            while (await self._told.get()).get(version) != ("stable", "serving"):
                pass

    async def close(self) -> None:
        await self.versions.stop()
        await asyncio.gather(*self.versions._tasks)
