from collections.abc import AsyncIterator, Callable

import pytest

from recserve.v1 import schema_pb2
from server.recommending.world import World

MakeWorld = Callable[..., World]


@pytest.fixture
async def make_world() -> AsyncIterator[MakeWorld]:
    worlds: list[World] = []

    def make(schema: schema_pb2.Schema | None = None) -> World:
        worlds.append(World(schema))
        return worlds[-1]

    yield make
    for world in worlds:
        world.readers.shutdown()


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return make_world()
