"""Labels move on request, and the engines follow."""

import asyncio
import shutil

import pytest

from recserve.server.errors import FailedPrecondition
from recserve.server.labels import CANARY, SHADOW, STABLE
from recserve.server.model_store import Pin
from server.artefact import write_version
from server.supervisor.stage import Stage


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


async def test_who_asks_for_the_first_version_hears_when_it_is_warm(stage: Stage) -> None:
    stage.stored(1)
    first = await stage.engine()
    await stage.becomes({1: ("stable", "loading")})
    asked = asyncio.create_task(stage.versions.set_label(STABLE, 1))
    await asyncio.wait({asked}, timeout=0.1)
    assert not asked.done()
    first.is_ready()
    await asyncio.wait_for(asked, 10)
    await stage.becomes({1: ("stable", "serving")})


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
