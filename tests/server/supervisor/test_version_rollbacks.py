"""A version that turns out to be broken loses its label, and says why."""

import asyncio
from collections.abc import Callable

from recserve.server.labels import CANARY, STABLE
from recserve.server.model_store import Pin
from recserve.server.reading import Reading
from recserve.server.supervisor.crash_loop import CRASHES
from recserve.v1 import promotion_pb2
from server.artefact import manifest, write_manifest, write_version
from server.supervisor.stage import PlayedChild, Stage

FAILING, GOOD = Reading(200, 100, 0.01), Reading(200, 0, 0.01)


async def becomes_stable(stage: Stage, version: int) -> PlayedChild:
    """The next version is loaded and replaces the stable one."""
    stage.stored(*range(1, version + 1))
    engine = await stage.engine()
    engine.is_ready()
    await stage.becomes({version: ("stable", "serving"), version - 1: ("", "available")})
    return engine


def fails(stage: Stage, version: int) -> None:
    for _ in range(3):
        stage.versions.hear({version: FAILING})


async def test_a_version_that_cannot_answer_goes_on_until_the_one_before_is_warm(
    stage: Stage,
) -> None:
    await stage.serves(1)
    await becomes_stable(stage, 2)
    fails(stage, 2)
    older = await stage.engine()
    await stage.becomes({2: ("stable", "serving"), 1: ("", "loading")})
    older.is_ready()
    await stage.becomes({2: ("", "available"), 1: ("stable", "serving")})
    assert stage.store.pins() == {STABLE: Pin(1, 2)}
    told = stage.described[0]["rollback"]
    assert "back to version 1: its engine could not answer 50% of the requests" in told
    assert stage.described[1]["rollback"] == ""
    assert stage.rollbacks == ["errors"]


async def test_it_stays_back_after_a_restart_and_a_newer_one_does_not(
    stages: Callable[..., Stage],
) -> None:
    stage = stages()
    await stage.serves(1)
    await becomes_stable(stage, 2)
    fails(stage, 2)
    (await stage.engine()).is_ready()
    await stage.becomes({2: ("", "available"), 1: ("stable", "serving")})
    again = stages()
    again.stored(1, 2)
    (await again.engine()).is_ready()
    await again.becomes({2: ("", "available"), 1: ("stable", "serving")})
    assert "back to version 1" in again.described[0]["rollback"]
    again.stored(1, 2, 3)
    (await again.engine()).is_ready()
    await again.becomes_stable(3)


async def test_a_crash_loop_is_written_down_while_the_version_is_watched(stage: Stage) -> None:
    await stage.serves(1)
    (await becomes_stable(stage, 2)).dies(-11)
    for _ in range(CRASHES - 1):
        engine = await stage.engine()
        engine.is_ready()
        engine.dies(-11)
    (await stage.engine()).is_ready()
    await stage.becomes({2: ("", "failed"), 1: ("stable", "serving")})
    assert stage.store.pins() == {STABLE: Pin(1, 2)}
    assert "died 5 times" in stage.described[0]["rollback"]
    assert stage.rollbacks == ["crash_loop"]


async def test_a_crash_loop_long_after_is_a_matter_of_this_server(
    stages: Callable[..., Stage],
) -> None:
    stage = stages(rollback_minutes=0)
    await stage.serves(1)
    (await becomes_stable(stage, 2)).dies(-11)
    for _ in range(CRASHES - 1):
        engine = await stage.engine()
        engine.is_ready()
        engine.dies(-11)
    (await stage.engine()).is_ready()
    await stage.becomes({2: ("", "failed"), 1: ("stable", "serving")})
    assert stage.store.pins() == {}
    assert stage.rollbacks == []


async def test_a_canary_that_cannot_answer_is_none_any_more(stage: Stage) -> None:
    await stage.serves(1)
    await becomes_canary(stage, 2)
    fails(stage, 2)
    await stage.becomes({2: ("", "available"), 1: ("stable", "serving")})
    assert stage.store.pins()[CANARY] == Pin(0, 2)
    assert "no longer canary: its engine" in stage.described[0]["rollback"]
    assert stage.rollbacks == ["errors"]


async def test_who_gives_it_a_label_again_has_the_last_word(stage: Stage) -> None:
    await stage.serves(1)
    await becomes_canary(stage, 2)
    fails(stage, 2)
    await stage.becomes({2: ("", "available"), 1: ("stable", "serving")})
    moving = asyncio.create_task(stage.versions.set_label(STABLE, 2))
    (await stage.engine()).is_ready()
    await asyncio.wait_for(moving, 10)
    await stage.becomes({2: ("stable", "serving"), 1: ("", "available")})
    assert stage.described[0]["rollback"] == ""
    assert stage.store.rollbacks() == {}


async def test_where_the_one_before_is_gone_nothing_else_takes_the_label(stage: Stage) -> None:
    await stage.serves(1)
    await becomes_stable(stage, 2)
    stage.stored(2)
    fails(stage, 2)
    await stage.becomes({2: ("stable", "serving")})
    assert stage.versions._requests == {}
    assert stage.rollbacks == []


async def test_a_store_that_cannot_be_written_is_no_reason_to_stop(stage: Stage) -> None:
    await stage.serves(1)
    await becomes_stable(stage, 2)

    def refuse(*_: object) -> None:
        raise OSError(30, "read-only")

    stage.store.pin = refuse  # type: ignore[method-assign]
    fails(stage, 2)
    (await stage.engine()).is_ready()
    await stage.becomes({2: ("stable", "serving"), 1: ("", "available")})
    assert stage.rollbacks == []


async def test_a_canary_becomes_stable_after_its_time(stages: Callable[..., Stage]) -> None:
    stage = stages(canary_hours=1e-9)
    await stage.serves(1)
    await becomes_canary(stage, 2)
    stage.versions.hear({2: GOOD})
    await stage.becomes({2: ("stable", "serving"), 1: ("", "available")})
    assert stage.store.pins()[STABLE] == Pin(2, 2)


async def test_but_not_one_that_is_not_better(stages: Callable[..., Stage]) -> None:
    stage = stages(canary_hours=1e-9)
    await stage.serves(1)
    await becomes_canary(stage, 2, is_better=False)
    stage.versions.hear({2: GOOD})
    assert STABLE not in stage.store.pins()
    assert stage.versions._labels == {STABLE: 1, CANARY: 2}
    fails(stage, 2)  # and it is watched on
    await stage.becomes({2: ("", "available"), 1: ("stable", "serving")})


async def becomes_canary(stage: Stage, version: int, *, is_better: bool = True) -> None:
    """A version is trained to be the canary, and gets ready."""
    folder = write_version(stage.model_folder, version)
    made = manifest(folder)
    made.promotion = promotion_pb2.PROMOTION_CANARY
    made.evaluation.stable_version = 0 if is_better else 1  # beside it, it was not measured
    write_manifest(folder, made)
    stage.versions.see(await stage.versions._watch.look())
    (await stage.engine()).is_ready()
    await stage.becomes({version: ("canary", "serving"), version - 1: ("stable", "serving")})
