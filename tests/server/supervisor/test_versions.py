"""The versions that are served, while they come, change and go."""

import asyncio
import shutil

import pytest

from recserve.server.settings import Settings
from recserve.server.supervisor import engine_host
from recserve.server.supervisor.lifecycle import EnginePhase
from server.artefact import manifest, write_manifest, write_version
from server.supervisor.stage import PlayedChild, Stage


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

    async def start_later(module: str, argument: str, environment: dict[str, str]) -> PlayedChild:
        if next(failures, None) is not None:
            raise BlockingIOError("no process is left")
        return await start(module, argument, environment)

    monkeypatch.setattr(PlayedChild, "start", start_later)
    stage.stored(1)
    (await stage.engine()).is_ready()
    await stage.becomes({1: ("stable", "serving")})
