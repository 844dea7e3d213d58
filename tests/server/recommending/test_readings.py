"""What engines answer is counted, version by version."""

import pytest

from recserve.server.engine.contract import (
    EngineDeadlineExceeded,
    EngineFailed,
    EngineUnavailable,
)
from recserve.server.reading import Reading
from recserve.server.recommending.query import Query
from recserve.server.recommending.readings import LATEST, Readings
from server.recommending.world import World


def test_a_reading_is_taken_once() -> None:
    readings = Readings()
    for hundredths in range(100):
        readings.answered(3, hundredths / 100)
    readings.failed(3)
    readings.failed(4)
    assert readings.take() == {3: Reading(101, 1, 0.99), 4: Reading(1, 1, 0.0)}
    assert readings.take() == {}


def test_of_very_many_the_latest_are_timed() -> None:
    readings = Readings()
    for _ in range(LATEST):
        readings.answered(3, 9.0)
    for _ in range(LATEST):
        readings.answered(3, 1.0)
    assert readings.take() == {3: Reading(2 * LATEST, 0, 1.0)}


def test_without_requests_no_share_failed() -> None:
    assert Reading(0, 0, 0.0).failed_share == 0.0
    assert Reading(4, 1, 0.0).failed_share == 0.25


@pytest.mark.parametrize(
    ("failure", "failed"),
    [
        (None, 0),
        (EngineFailed("broken"), 1),
        (EngineUnavailable("gone"), 1),
        (EngineDeadlineExceeded("late"), 0),
    ],
)
async def test_the_recommender_counts_what_it_asks(
    world: World, failure: Exception | None, failed: int
) -> None:
    world.happened("u", "a")
    world.engine.failure = failure
    await world.ask(Query("u"))
    reading = world.recommender.readings.take()[1]
    assert (reading.asked, reading.failed) == (1, failed)


async def test_who_is_not_known_costs_no_engine(world: World) -> None:
    await world.ask(Query("nobody"))
    assert world.recommender.readings.take() == {}
