"""A spare engine takes the next version, or a dead engine's place."""

import asyncio
from collections.abc import Callable

from recserve.server.supervisor import engine_host
from server.supervisor.stage import PlayedChild, Stage


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
        await stage.becomes_stable(number)
