"""The versions that are served, over real stores and hosts with engines that are only played."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from recserve.server.errors import FailedPrecondition, NotFound
from recserve.server.labels import CANARY, SHADOW, STABLE
from recserve.server.model_store import ModelStore, Pin
from recserve.server.settings import Settings
from recserve.server.supervisor import engine_host, spare_engine
from recserve.server.supervisor.crash_loop import CRASHES
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
        self.told: list[dict[str, Any]] = []
        self._messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.is_told = asyncio.Event()
        self._ended, self._is_heard = asyncio.Event(), asyncio.Event()
        self._status = 0

    @property
    def is_spare(self) -> bool:
        return not json.loads(self.argument)["folder"]

    @classmethod
    async def start(cls, _module: str, argument: str) -> "PlayedChild":
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
        )
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
async def stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., Stage]]:
    """Makes stages with settings."""
    PlayedChild.started = asyncio.Queue()
    monkeypatch.setattr(engine_host, "Child", PlayedChild)
    monkeypatch.setattr(spare_engine, "Child", PlayedChild)
    monkeypatch.setattr("recserve.server.supervisor.backoff.FIRST_SECONDS", 0.0)
    made: list[Stage] = []

    def make(**settings: Any) -> Stage:
        made.append(Stage(tmp_path, **settings))
        return made[-1]

    yield make
    for stage in made:
        await stage.close()


@pytest.fixture
def stage(stages: Callable[..., Stage]) -> Stage:
    return stages()


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


async def crashes(stage: Stage, times: int = CRASHES) -> None:
    """The engine that is started next becomes ready and dies, again and again."""
    for _ in range(times):
        engine = await stage.engine()
        engine.is_ready()
        engine.dies(-11)


async def crashes_once_stable(stage: Stage, version: int) -> None:
    """A version becomes stable, and then its engine dies again and again."""
    stage.stored(*range(1, version + 1))
    engine = await stage.engine()
    engine.is_ready()
    await stage.becomes({version: ("stable", "serving"), version - 1: ("", "available")})
    engine.dies(-11)
    await crashes(stage, CRASHES - 1)


async def test_a_version_that_keeps_dying_gives_way_to_the_one_before(stage: Stage) -> None:
    await stage.serves(1)
    await crashes_once_stable(stage, 2)
    await stage.becomes({2: ("stable", "failed"), 1: ("", "available")})
    older = await stage.engine()
    await stage.becomes({2: ("stable", "failed"), 1: ("", "loading")})
    older.is_ready()
    await stage.becomes({2: ("", "failed"), 1: ("stable", "serving")})
    error = stage.described[0]["error"]
    assert error.startswith(f"its engine died {CRASHES} times within 10 minutes, the last time by")
    assert "SIGSEGV" in error
    assert "recserve models label 2" in error


async def test_a_version_that_was_given_up_is_tried_again_on_request(stage: Stage) -> None:
    await stage.serves(1)
    await crashes_once_stable(stage, 2)
    (await stage.engine()).is_ready()
    await stage.becomes({2: ("", "failed"), 1: ("stable", "serving")})
    moving = asyncio.create_task(stage.versions.set_label(STABLE, 2))
    again = await stage.engine()
    await stage.becomes({2: ("", "loading"), 1: ("stable", "serving")})
    again.is_ready()
    await asyncio.wait_for(moving, 10)
    await stage.becomes({2: ("stable", "serving"), 1: ("", "available")})
    again.dies(-11)  # one death of a new life is no crash loop
    await stage.engine()
    await stage.becomes({2: ("stable", "loading"), 1: ("", "available")})


async def test_the_only_version_goes_on_answering_by_popularity_and_is_tried_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.stored(1)
    await crashes(stage, CRASHES - 1)
    monkeypatch.setattr(engine_host, "RETRY_SECONDS", 0.0)
    await crashes(stage, 1)
    await stage.becomes({1: ("stable", "failed")})
    again = await stage.engine()
    await stage.becomes({1: ("stable", "loading")})
    again.is_ready()
    await stage.becomes({1: ("stable", "serving")})
    assert stage.described[0]["error"] == ""


async def test_a_canary_that_keeps_dying_loses_its_label_and_touches_nothing_else(
    stage: Stage,
) -> None:
    await stage.serves(1, 2)
    moving = asyncio.create_task(stage.versions.set_label(CANARY, 1))
    engine = await stage.engine()
    engine.is_ready()
    await asyncio.wait_for(moving, 10)
    engine.dies(-11)
    await crashes(stage, CRASHES - 1)
    await stage.becomes({2: ("stable", "serving"), 1: ("", "failed")})
    assert PlayedChild.started.empty()


async def test_a_canary_that_never_loads_touches_nothing_else(stage: Stage) -> None:
    await stage.serves(1, 2)
    moving = asyncio.create_task(stage.versions.set_label(CANARY, 1))
    for _ in range(engine_host.MAX_FAILED_STARTS):
        (await stage.engine()).fails("UnusableModel: no signature")
    with pytest.raises(FailedPrecondition, match="no signature"):
        await asyncio.wait_for(moving, 10)
    assert stage.store.pins() == {}
    await stage.becomes({2: ("stable", "serving"), 1: ("", "failed")})


async def test_a_shadow_is_served_beside_the_stable_version_and_rolls_back_with_one_call(
    stage: Stage,
) -> None:
    await stage.serves(1, 2, 3)
    moving = asyncio.create_task(stage.versions.set_label(SHADOW, 1))
    (await stage.engine()).is_ready()
    await asyncio.wait_for(moving, 10)
    shadowed = {3: ("stable", "serving"), 2: ("", "available"), 1: ("shadow", "serving")}
    await stage.becomes(shadowed)
    await asyncio.wait_for(stage.versions.set_label(SHADOW, 3), 10)
    await stage.becomes({3: ("stable", "serving"), 2: ("", "available"), 1: ("", "available")})


async def test_a_spare_is_made_when_an_engine_is_ready_and_loads_the_next_version(
    stages: Callable[..., Stage],
) -> None:
    stage = stages(spare_engine=True)
    stage.stored(1)
    first = await stage.engine()
    assert not first.is_spare, "the first version waits for nothing"
    first.is_ready()
    spare = await stage.engine()
    assert spare.is_spare
    await spare.is_waiting()
    stage.stored(1, 2)
    await stage.becomes({2: ("", "loading"), 1: ("stable", "serving")})
    assert [message["load"]["folder"] for message in spare.told] == [str(stage.model_folder / "2")]
    assert PlayedChild.started.empty(), "none is made while one loads"
    spare.is_ready()
    await stage.becomes({2: ("stable", "serving"), 1: ("", "available")})
    assert (await stage.engine()).is_spare


async def test_a_spare_takes_the_place_of_an_engine_that_has_died(
    stages: Callable[..., Stage],
) -> None:
    stage = stages(spare_engine=True)
    stage.stored(1)
    engine = await stage.engine()
    engine.is_ready()
    spare = await stage.engine()
    await spare.is_waiting()
    engine.dies(-9)
    await asyncio.wait_for(spare.is_told.wait(), 10)
    spare.is_ready()
    assert (await stage.engine()).is_spare, "the next one"
    assert stage.described[0]["state"] == "SERVING"


async def test_a_spare_that_dies_when_it_is_needed_is_no_fault_of_the_version(
    stages: Callable[..., Stage],
) -> None:
    stage = stages(spare_engine=True)
    await stage.serves(1)
    for number in range(2, engine_host.MAX_FAILED_STARTS + 3):
        spare = await stage.engine()
        await spare.is_waiting()
        stage.stored(*range(1, number + 1))
        await asyncio.wait_for(spare.is_told.wait(), 10)
        spare.dies(-9)
        engine = await stage.engine()
        assert not engine.is_spare
        engine.is_ready()
        await _becomes_stable(stage, number)


async def test_versions_that_are_not_kept_are_removed_once_a_newer_one_is_stable(
    stages: Callable[..., Stage],
) -> None:
    stage = stages(keep_versions=2)
    stage.in_use = {1}
    await stage.serves(1, 2, 3, 4)
    await stage.becomes({4: ("stable", "serving"), 3: ("", "available"), 1: ("", "available")})
    assert stage.store.versions() == [4, 3, 1]
    assert (stage.model_folder / ".deleted-2").is_dir(), "its number is never given again"


async def test_a_version_that_cannot_be_removed_is_tried_again_after_the_next_one(
    stages: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = stages(keep_versions=1)
    tried: list[int] = []

    def fail(version: int) -> None:
        tried.append(version)
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(stage.store, "delete", fail)
    await stage.serves(1, 2, 3)
    await asyncio.gather(*stage.versions._tasks)
    stage.stored(1, 2, 3)
    await stage.becomes({3: ("stable", "serving"), 2: ("", "available"), 1: ("", "available")})
    assert tried == [1]
    stage.stored(1, 2, 3, 4)
    (await stage.engine()).is_ready()
    await _becomes_stable(stage, 4)
    await asyncio.gather(*stage.versions._tasks)
    assert sorted(tried) == [1, 1, 2]


async def _becomes_stable(stage: Stage, version: int) -> None:
    async with asyncio.timeout(10):
        while (await stage._told.get()).get(version) != ("stable", "serving"):
            pass
