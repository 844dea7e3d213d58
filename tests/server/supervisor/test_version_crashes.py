"""A version whose engine keeps dying is given up, and what serves then."""

import asyncio

import pytest

from recserve.server.errors import FailedPrecondition
from recserve.server.labels import CANARY, STABLE
from recserve.server.supervisor import engine_host
from recserve.server.supervisor.crash_loop import CRASHES
from server.supervisor.stage import PlayedChild, Stage


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
