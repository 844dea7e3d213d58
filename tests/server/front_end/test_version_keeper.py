"""The front end's versions follow what the supervisor says, and survive what engines do."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from recserve.server.engine.admission import Admission
from recserve.server.engine.contract import EngineDeadlineExceeded, RankingRequest
from recserve.server.engine.frames import FrameBuffer, decode_arrival
from recserve.server.front_end.version_keeper import VersionKeeper
from recserve.server.front_end.version_states import VersionStates
from recserve.server.model_store import ModelStore
from recserve.server.recommending.versions import ServedVersion, ServedVersions
from recserve.v1 import model_pb2
from server.artefact import write_version


class Stage:
    """A keeper over a store on disk, and engines that only take connections."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.versions = ServedVersions()
        self.states = VersionStates()
        self.changes: asyncio.Queue[bool] = asyncio.Queue()
        self.released: asyncio.Queue[str] = asyncio.Queue()
        self.keeper = VersionKeeper(
            store=ModelStore(folder / "default"),
            versions=self.versions,
            states=self.states,
            admission=Admission,
            on_change=self._changed,
        )
        self.keeper.on_released = self.released.put_nowait
        self._servers: list[asyncio.Server] = []
        self._handlers: list[Any] = []
        self.connections: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        self.available: asyncio.Queue[list[bool]] = asyncio.Queue()
        """Which rows may be returned, as the engines are told."""

    async def _changed(self) -> None:
        self.changes.put_nowait(self.keeper.is_warm)

    async def engine(self, name: str) -> str:
        """An engine listens; returns its socket."""

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._handlers.append(asyncio.current_task())
            self.connections.put_nowait(writer)
            buffer = FrameBuffer()
            while data := await reader.read(1 << 16):
                for arrival in map(decode_arrival, buffer.feed(data)):
                    if arrival.available is not None:
                        self.available.put_nowait(arrival.available.tolist())
            writer.close()
            await writer.wait_closed()

        path = self.folder / name
        self._servers.append(await asyncio.start_unix_server(connected, path))
        return str(path)

    async def kill(self) -> None:
        """The engine that was connected to last dies."""
        connection = await self.connections.get()
        self._servers.pop().close()
        connection.close()

    async def follow(self, *wanted: dict[str, Any]) -> bool:
        await self.keeper.follow(list(wanted))
        return await self.changes.get()

    async def close(self) -> None:
        self.keeper.close()
        for server in self._servers:
            server.close()
        await asyncio.sleep(0)  # connections made just now get their handlers
        await asyncio.gather(*self._handlers)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    for number in (1, 2):
        write_version(tmp_path / "default", number)
    stage = Stage(tmp_path)
    yield stage
    await stage.close()


def wanted(number: int, state: str, socket: str = "", *labels: str) -> dict[str, Any]:
    return {
        "number": number,
        "state": state,
        "socket": socket,
        "labels": list(labels),
        "error": "",
    }


async def test_a_loading_version_is_served_cold_and_then_warm(stage: Stage) -> None:
    assert not await stage.follow(wanted(1, "LOADING", "", "stable"))
    cold = stage.versions.stable
    assert cold is not None
    assert cold.engine is None
    assert await stage.follow(wanted(1, "SERVING", await stage.engine("one"), "stable"))
    warm = stage.versions.stable
    assert warm is not None
    assert warm.engine is not None
    assert stage.states.of(1).state == model_pb2.MODEL_VERSION_STATE_SERVING


async def test_a_version_whose_engine_was_given_up_answers_while_it_has_a_label(
    stage: Stage,
) -> None:
    assert not await stage.follow(wanted(1, "FAILED", "", "stable"))
    assert stage.versions.stable is not None
    assert stage.states.of(1).state == model_pb2.MODEL_VERSION_STATE_FAILED
    await stage.follow(wanted(1, "FAILED"))
    assert stage.versions.get(1) is None


async def test_a_swap_moves_the_label_and_lets_go_of_the_old_engine(stage: Stage) -> None:
    one, two = await stage.engine("one"), await stage.engine("two")
    await stage.follow(wanted(1, "SERVING", one, "stable"))
    both = wanted(1, "DRAINING", one), wanted(2, "SERVING", two, "stable")
    assert await stage.follow(*both)
    assert stage.versions.stable is not None
    assert stage.versions.stable.number == 2
    assert stage.versions.get(1) is None
    assert await asyncio.wait_for(stage.released.get(), 10) == one


async def test_a_dead_engine_leaves_a_cold_version_that_a_new_engine_warms(stage: Stage) -> None:
    await stage.follow(wanted(1, "SERVING", await stage.engine("one"), "stable"))
    await stage.kill()
    assert not await asyncio.wait_for(stage.changes.get(), 10)
    assert stage.versions.stable is not None
    assert stage.versions.stable.engine is None
    assert await stage.follow(wanted(1, "SERVING", await stage.engine("again"), "stable"))


async def test_a_broken_connection_to_a_living_engine_is_made_again(stage: Stage) -> None:
    await stage.follow(wanted(1, "SERVING", await stage.engine("one"), "stable"))
    (await stage.connections.get()).close()
    assert not await asyncio.wait_for(stage.changes.get(), 10)
    assert await asyncio.wait_for(stage.changes.get(), 10)
    assert stage.versions.stable is not None
    assert stage.versions.stable.engine is not None


async def test_a_version_that_is_removed_during_a_reconnection_stays_removed(stage: Stage) -> None:
    asked = asyncio.Event()

    async def ask(version: ServedVersion) -> None:
        assert version.engine is not None
        asked.set()
        late = time.monotonic() + 0.05
        with suppress(EngineDeadlineExceeded):
            await version.engine.rank(RankingRequest(version.user_layout.empty, 1, deadline=late))

    await stage.follow(wanted(1, "SERVING", await stage.engine("one"), "stable"))
    stage.keeper.warm_up = ask
    (await stage.connections.get()).close()
    await asyncio.wait_for(asked.wait(), 10)
    await stage.keeper.follow([])
    await asyncio.gather(*stage.keeper._reconnecting)
    assert stage.versions.get(1) is None


async def test_an_engine_that_is_gone_before_we_connect_is_survived(stage: Stage) -> None:
    nobody = str(stage.folder / "nobody")
    assert not await stage.follow(wanted(1, "SERVING", nobody, "stable"))
    assert stage.versions.stable is not None


async def test_a_version_that_cannot_be_read_is_not_served(stage: Stage) -> None:
    (stage.folder / "default" / "2" / "items.npz").write_bytes(b"damaged")
    await stage.follow(wanted(1, "LOADING", "", "stable"), wanted(2, "LOADING"))
    assert stage.versions.get(2) is None
    assert stage.versions.stable is not None


async def test_a_failed_version_is_shown_and_not_served(stage: Stage) -> None:
    await stage.follow(wanted(1, "LOADING", "", "stable"))
    failed = wanted(1, "FAILED") | {"error": "damaged"}
    await stage.follow(failed)
    assert stage.versions.stable is None
    assert stage.states.of(1).error == "damaged"


async def test_the_look_ups_of_the_items_are_built_before_a_call_needs_them(stage: Stage) -> None:
    await stage.follow(wanted(1, "LOADING", "", "stable"))
    assert stage.versions.stable is not None
    assert {"rows", "by_popularity"} <= vars(stage.versions.stable.items).keys()


async def test_what_becomes_unavailable_during_the_warm_up_is_told_to_the_new_engine(
    stage: Stage,
) -> None:
    async def catalogue_changes(_version: ServedVersion) -> None:
        stage.keeper.set_unavailable(["b"])

    stage.keeper.warm_up = catalogue_changes
    await stage.follow(wanted(1, "SERVING", await stage.engine("one"), "stable"))
    last = [True, True]
    while last != [True, False]:
        last = await asyncio.wait_for(stage.available.get(), 10)
