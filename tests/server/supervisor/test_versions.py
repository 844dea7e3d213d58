"""The versions that are served, over real stores and hosts with engines that are only played."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from recserve.server.errors import FailedPrecondition, NotFound
from recserve.server.labels import CANARY, STABLE
from recserve.server.model_store import ModelStore, Pin
from recserve.server.settings import Settings
from recserve.server.supervisor import engine_host
from recserve.server.supervisor.lifecycle import EnginePhase
from recserve.server.supervisor.store_watch import StoreView
from recserve.server.supervisor.versions import Description, Versions
from server.artefact import manifest, write_manifest, write_version

States = dict[int, tuple[str, str]]
"""Label and state by version."""


class PlayedChild:
    """An engine process that does what the test says."""

    started: "asyncio.Queue[PlayedChild]"
    pids = iter(range(10**6, 10**7))

    def __init__(self, argument: str) -> None:
        self.argument = argument
        self.pid = next(self.pids)
        self._messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._status = 0

    @classmethod
    async def start(cls, _module: str, argument: str) -> "PlayedChild":
        child = cls(argument)
        cls.started.put_nowait(child)
        return child

    async def watch(self, on_message: Callable[[Any], Awaitable[None]]) -> int:
        while (message := await self._messages.get()) is not None:
            await on_message(message)
        return self._status

    async def stop(self, _patience: float) -> None:
        self.dies(0)

    def is_ready(self) -> None:
        self._messages.put_nowait({"state": "ready", "items": 2, "device": "CPU"})

    def fails(self, error: str) -> None:
        self._messages.put_nowait({"state": "failed", "error": error})
        self.dies(1)

    def dies(self, status: int) -> None:
        self._status = status
        self._messages.put_nowait(None)


class Stage:
    """Versions without a front end, over a store that is looked at when the test says so."""

    def __init__(self, folder: Path, drain_seconds: float = 0) -> None:
        self.model_folder = folder / "default"
        self.store = ModelStore(self.model_folder)
        self.described: list[Description] = []
        self._told: asyncio.Queue[States] = asyncio.Queue()
        self.versions = Versions(
            settings=Settings(store=folder, drain_seconds=drain_seconds, spare_engine=False),
            store=self.store,
            folder=folder,
            on_change=self._hear,
            on_exit=lambda _pid: None,
        )

    def _hear(self, described: list[Description]) -> None:
        self.described = described
        states = {each["number"]: (",".join(each["labels"]), each["state"]) for each in described}
        self._told.put_nowait({n: (label, state.lower()) for n, (label, state) in states.items()})

    def stored(self, *numbers: int, changed: tuple[int, ...] = ()) -> None:
        """Versions are written, and the watch notices."""
        for number in numbers:
            if not (self.model_folder / str(number)).exists():
                write_version(self.model_folder, number)
        self.versions.see(StoreView(numbers, frozenset(changed), pins=self.store.pins()))

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

    async def close(self) -> None:
        await self.versions.stop()
        await asyncio.gather(*self.versions._tasks)


@pytest.fixture
async def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    PlayedChild.started = asyncio.Queue()
    monkeypatch.setattr(engine_host, "Child", PlayedChild)
    monkeypatch.setattr("recserve.server.supervisor.backoff.FIRST_SECONDS", 0.0)
    stage = Stage(tmp_path)
    yield stage
    await stage.close()


async def test_the_first_version_is_stable_while_it_loads(stage: Stage) -> None:
    stage.stored(1)
    engine = await stage.engine()
    await stage.becomes({1: ("stable", "loading")})
    engine.is_ready()
    await stage.becomes({1: ("stable", "serving")})


async def test_a_newer_version_replaces_it_only_when_ready_and_the_old_one_is_unloaded(
    stage: Stage,
) -> None:
    stage.stored(1)
    (await stage.engine()).is_ready()
    await stage.becomes({1: ("stable", "serving")})
    stage.stored(1, 2)
    newer = await stage.engine()
    await stage.becomes({2: ("", "loading"), 1: ("stable", "serving")})
    newer.is_ready()
    await stage.becomes({2: ("stable", "serving"), 1: ("", "draining")})
    await stage.becomes({2: ("stable", "serving"), 1: ("", "available")})


async def test_a_damaged_version_is_refused_and_the_old_one_goes_on(stage: Stage) -> None:
    stage.stored(1)
    (await stage.engine()).is_ready()
    await stage.becomes({1: ("stable", "serving")})
    (write_version(stage.model_folder, 2) / "items.npz").write_bytes(b"damaged")
    stage.stored(1, 2)
    await stage.becomes({2: ("", "failed"), 1: ("stable", "serving")})
    assert "items.npz" in stage.described[0]["error"]


async def test_a_refused_version_is_looked_at_again_when_its_files_have_changed(
    stage: Stage,
) -> None:
    folder = write_version(stage.model_folder, 1)
    whole = (folder / "items.npz").read_bytes()
    (folder / "items.npz").write_bytes(b"half copied")
    stage.stored(1)
    await stage.becomes({1: ("", "failed")})
    (folder / "items.npz").write_bytes(whole)
    stage.stored(1, changed=(1,))
    (await stage.engine()).is_ready()
    await stage.becomes({1: ("stable", "serving")})


async def test_a_version_that_is_deleted_gives_way_to_the_newest_that_is_left(
    stage: Stage,
) -> None:
    stage.stored(1, 2)
    (await stage.engine()).is_ready()
    await stage.becomes({2: ("stable", "serving"), 1: ("", "available")})
    stage.stored(1)
    (await stage.engine()).is_ready()
    await stage.becomes({1: ("stable", "serving")})


async def test_an_engine_that_dies_is_started_again(stage: Stage) -> None:
    stage.stored(1)
    engine = await stage.engine()
    engine.is_ready()
    await stage.becomes({1: ("stable", "serving")})
    engine.dies(-9)
    again = await stage.engine()
    await stage.becomes({1: ("stable", "loading")})
    again.is_ready()
    await stage.becomes({1: ("stable", "serving")})
    assert engine.argument != again.argument, "a new life has a socket of its own"


async def test_a_version_that_never_loads_is_refused_with_its_reason(stage: Stage) -> None:
    stage.stored(1)
    for _ in range(engine_host.MAX_FAILED_STARTS):
        (await stage.engine()).fails("UnusableModel: no signature")
    await stage.becomes({1: ("stable", "failed")})
    assert stage.described[0]["error"].startswith("UnusableModel: no signature; ")


async def test_a_version_that_is_overtaken_while_it_loads_is_unloaded_without_a_wait(
    stage: Stage,
) -> None:
    stage.versions._settings = Settings(drain_seconds=3600, spare_engine=False)
    stage.stored(1)
    await stage.engine()
    await stage.becomes({1: ("stable", "loading")})
    stage.stored(1, 2)
    (await stage.engine()).is_ready()
    await stage.becomes({2: ("stable", "serving"), 1: ("", "available")})


async def test_the_old_engine_lives_until_the_front_end_lets_go_of_it(stage: Stage) -> None:
    stage.versions._settings = Settings(drain_seconds=3600, spare_engine=False)
    stage.stored(1)
    (await stage.engine()).is_ready()
    await stage.becomes({1: ("stable", "serving")})
    socket = stage.versions._engines[1].socket
    stage.stored(1, 2)
    (await stage.engine()).is_ready()
    await stage.becomes({2: ("stable", "serving"), 1: ("", "draining")})
    stage.versions.release("another.sock")
    assert 1 in stage.versions._engines
    stage.versions.release(socket)
    await stage.becomes({2: ("stable", "serving"), 1: ("", "available")})


async def test_a_version_that_is_replaced_under_its_number_is_loaded_anew(stage: Stage) -> None:
    stage.stored(1)
    first = await stage.engine()
    first.is_ready()
    await stage.becomes({1: ("stable", "serving")})
    shutil.rmtree(stage.model_folder / "1")
    write_version(stage.model_folder, 1, item_ids=("b", "a"))
    stage.stored(1, changed=(1,))
    await stage.becomes({1: ("stable", "draining")})
    second = await stage.engine()
    await stage.becomes({1: ("stable", "loading")})
    second.is_ready()
    await stage.becomes({1: ("stable", "serving")})


async def test_a_version_whose_files_were_only_touched_goes_on(stage: Stage) -> None:
    folder = write_version(stage.model_folder, 1)
    with_nan = manifest(folder)
    with_nan.evaluation.metrics.add(name="auc", value=float("nan"))
    write_manifest(folder, with_nan)
    stage.stored(1)
    (await stage.engine()).is_ready()
    await stage.becomes({1: ("stable", "serving")})
    stage.stored(1, changed=(1,))
    await asyncio.gather(*stage.versions._tasks)
    assert stage.versions._engines[1].phase is EnginePhase.READY


async def test_an_engine_is_not_started_again_on_files_that_are_not_those_it_had(
    stage: Stage,
) -> None:
    stage.stored(1)
    engine = await stage.engine()
    engine.is_ready()
    await stage.becomes({1: ("stable", "serving")})
    shutil.rmtree(stage.model_folder / "1")
    write_version(stage.model_folder, 1, item_ids=("b", "a"))
    engine.dies(-9)  # before the watch has looked
    await stage.becomes({1: ("", "failed")})
    stage.stored(1, changed=(1,))
    (await stage.engine()).is_ready()
    await stage.becomes({1: ("stable", "serving")})


async def test_an_engine_for_which_there_is_no_process_is_tried_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, failures = PlayedChild.start, iter(range(engine_host.MAX_FAILED_STARTS + 1))

    async def start_later(module: str, argument: str) -> PlayedChild:
        if next(failures, None) is not None:
            raise BlockingIOError("no process is left")
        return await start(module, argument)

    monkeypatch.setattr(PlayedChild, "start", start_later)
    stage.stored(1)
    (await stage.engine()).is_ready()
    await stage.becomes({1: ("stable", "serving")})


async def test_a_label_moves_back_on_request_and_stays_there(stage: Stage) -> None:
    await stage.serves(1, 2)
    moving = asyncio.create_task(stage.versions.set_label(STABLE, 1))
    older = await stage.engine()
    await stage.becomes({2: ("stable", "serving"), 1: ("", "loading")})
    assert not moving.done()
    older.is_ready()
    await asyncio.wait_for(moving, 10)
    assert stage.store.pins() == {STABLE: Pin(1, seen=2)}
    await stage.becomes({2: ("", "available"), 1: ("stable", "serving")})
    stage.stored(1, 2)
    await stage.becomes({2: ("", "available"), 1: ("stable", "serving")})


async def test_a_roll_back_outlives_a_restart(stage: Stage) -> None:
    write_version(stage.model_folder, 1)
    write_version(stage.model_folder, 2)
    stage.store.pin(STABLE, 1, seen=2)
    stage.versions.see(await stage.versions._watch.look())
    (await stage.engine()).is_ready()
    await stage.becomes({2: ("", "available"), 1: ("stable", "serving")})


async def test_a_newer_version_becomes_stable_after_a_roll_back(stage: Stage) -> None:
    await stage.serves(1, 2)
    moving = asyncio.create_task(stage.versions.set_label(STABLE, 1))
    (await stage.engine()).is_ready()
    await moving
    stage.stored(1, 2, 3)
    (await stage.engine()).is_ready()
    await stage.becomes({3: ("stable", "serving"), 2: ("", "available"), 1: ("", "available")})


async def test_a_label_does_not_move_to_a_version_that_is_refused(stage: Stage) -> None:
    await stage.serves(1, 2)
    (stage.model_folder / "1" / "items.npz").write_bytes(b"damaged")
    with pytest.raises(FailedPrecondition, match=r"items\.npz") as refused:
        await asyncio.wait_for(stage.versions.set_label(STABLE, 1), 10)
    assert refused.value.reason == "VERSION_REFUSED"
    assert stage.store.pins() == {}
    await stage.becomes({2: ("stable", "serving"), 1: ("", "failed")})


async def test_a_label_does_not_move_where_that_cannot_be_written(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_label: str, _version: int, _seen: int) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(stage.store, "pin", fail)
    await stage.serves(1, 2)
    moving = asyncio.create_task(stage.versions.set_label(STABLE, 1))
    (await stage.engine()).is_ready()
    with pytest.raises(FailedPrecondition, match="Read-only") as refused:
        await asyncio.wait_for(moving, 10)
    assert refused.value.reason == "STORE_READ_ONLY"
    await stage.becomes({2: ("stable", "serving"), 1: ("", "available")})


async def test_a_label_that_is_there_already_is_written_down(stage: Stage) -> None:
    await stage.serves(1)
    await asyncio.wait_for(stage.versions.set_label(STABLE, 1), 10)
    assert stage.store.pins() == {STABLE: Pin(1, seen=1)}


async def test_a_later_request_for_a_label_wins(stage: Stage) -> None:
    await stage.serves(1, 2, 3)
    first = asyncio.create_task(stage.versions.set_label(STABLE, 1))
    await stage.engine()
    second = asyncio.create_task(stage.versions.set_label(STABLE, 2))
    (await stage.engine()).is_ready()
    await asyncio.wait_for(second, 10)
    with pytest.raises(FailedPrecondition):
        await first
    await stage.becomes({3: ("", "available"), 2: ("stable", "serving"), 1: ("", "available")})


async def test_a_canary_is_served_beside_the_stable_version_until_it_is_promoted(
    stage: Stage,
) -> None:
    await stage.serves(1, 2)
    moving = asyncio.create_task(stage.versions.set_label(CANARY, 1))
    (await stage.engine()).is_ready()
    await asyncio.wait_for(moving, 10)
    await stage.becomes({2: ("stable", "serving"), 1: ("canary", "serving")})
    await asyncio.wait_for(stage.versions.set_label(STABLE, 1), 10)
    assert stage.store.pins() == {STABLE: Pin(1, seen=2)}
    await stage.becomes({2: ("", "available"), 1: ("stable", "serving")})


async def test_a_canary_ends_when_the_label_goes_to_the_stable_version(stage: Stage) -> None:
    await stage.serves(1, 2)
    moving = asyncio.create_task(stage.versions.set_label(CANARY, 1))
    (await stage.engine()).is_ready()
    await asyncio.wait_for(moving, 10)
    await asyncio.wait_for(stage.versions.set_label(CANARY, 2), 10)
    assert stage.store.pins() == {CANARY: Pin(0, seen=2)}
    await stage.becomes({2: ("stable", "serving"), 1: ("", "available")})


async def test_a_version_without_a_label_is_deleted(stage: Stage) -> None:
    await stage.serves(1, 2)
    await stage.versions.delete(1)
    await stage.becomes({2: ("stable", "serving")})
    assert stage.store.versions() == [2]


async def test_a_version_with_a_label_is_not_deleted(stage: Stage) -> None:
    await stage.serves(1, 2)
    stage.stored(1, 2, 3)
    await stage.engine()
    for version in (2, 3):
        with pytest.raises(FailedPrecondition) as refused:
            await stage.versions.delete(version)
        assert refused.value.reason == "VERSION_IN_USE"
    assert stage.store.versions() == [3, 2, 1]


async def test_a_refused_version_that_is_removed_is_forgotten(stage: Stage) -> None:
    await stage.serves(1)
    (write_version(stage.model_folder, 2) / "items.npz").write_bytes(b"damaged")
    stage.stored(1, 2)
    await stage.becomes({2: ("", "failed"), 1: ("stable", "serving")})
    stage.stored(1)
    await stage.becomes({1: ("stable", "serving")})


async def test_what_is_not_in_the_store_has_no_label_and_is_not_deleted(stage: Stage) -> None:
    await stage.serves(1)
    for work in (stage.versions.set_label(STABLE, 7), stage.versions.delete(7)):
        with pytest.raises(NotFound):
            await work


async def test_a_request_ends_when_the_server_stops(stage: Stage) -> None:
    await stage.serves(1, 2)
    moving = asyncio.create_task(stage.versions.set_label(STABLE, 1))
    await stage.engine()
    await stage.versions.stop()
    with pytest.raises(FailedPrecondition, match="stopping"):
        await asyncio.wait_for(moving, 10)


async def test_a_version_that_vanishes_while_it_loads_gets_no_label(stage: Stage) -> None:
    await stage.serves(1, 2)
    moving = asyncio.create_task(stage.versions.set_label(STABLE, 1))
    await stage.engine()
    shutil.rmtree(stage.model_folder / "1")
    stage.stored(2)
    with pytest.raises(FailedPrecondition, match="version 1 is gone"):
        await asyncio.wait_for(moving, 10)
    await stage.becomes({2: ("stable", "serving")})


async def test_a_version_that_comes_while_a_label_moves_may_have_it_then(stage: Stage) -> None:
    await stage.serves(1, 2)
    moving = asyncio.create_task(stage.versions.set_label(STABLE, 1))
    older = await stage.engine()
    stage.stored(1, 2, 3)
    older.is_ready()
    await asyncio.wait_for(moving, 10)
    assert stage.store.pins() == {STABLE: Pin(1, seen=2)}
    (await stage.engine()).is_ready()
    await stage.becomes({3: ("stable", "serving"), 2: ("", "available"), 1: ("", "available")})
