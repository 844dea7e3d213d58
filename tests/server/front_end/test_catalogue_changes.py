"""The front end follows the catalogue, and survives a database that fails meanwhile."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from recserve.server.catalogue import InMemoryCatalogue, ItemRecord
from recserve.server.errors import Unavailable
from recserve.server.event_log import InMemoryEventLog, LogTail
from recserve.server.front_end.current_schema import CurrentSchema
from recserve.server.front_end.front_end import FrontEnd
from recserve.server.model_store.memory import InMemoryModelStore
from recserve.server.schema import declare
from recserve.server.supervision import InMemorySupervision
from recserve.server.training import InMemoryRunRegister
from recserve.v1 import schema_pb2
from server.recommending.world import World

BUYING = schema_pb2.Schema(event_types=[schema_pb2.EventType(name="buy")])


class Unreliable(InMemoryCatalogue):
    """Fails as often as it is told to."""

    failures = 0

    def unavailable_item_ids(self) -> frozenset[str]:
        if self.failures:
            self.failures -= 1
            raise Unavailable("the disk failed")
        return super().unavailable_item_ids()


@pytest.fixture
def catalogue() -> Unreliable:
    return Unreliable()


@pytest.fixture
def log() -> InMemoryEventLog:
    return InMemoryEventLog()


@pytest.fixture
async def front_end(
    catalogue: Unreliable, log: InMemoryEventLog, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FrontEnd]:
    monkeypatch.setattr(LogTail, "start", lambda _self: None)  # the tests look themselves
    front_end = FrontEnd(
        model="default",
        log=log,
        catalogue=catalogue,
        store=InMemoryModelStore(),
        schema=CurrentSchema(declare(schema_pb2.Schema()), fixed=False),
        register=InMemoryRunRegister(),
        supervision=InMemorySupervision(InMemoryModelStore()),
    )
    await front_end.open()
    yield front_end
    await front_end.close()


async def test_a_change_of_the_catalogue_whose_first_read_fails_is_read_again(
    front_end: FrontEnd, catalogue: Unreliable
) -> None:
    catalogue.failures = 1
    catalogue.put_items([ItemRecord("gone", available=False)])
    with pytest.raises(Unavailable):
        await asyncio.to_thread(front_end._tail.look)
    await asyncio.to_thread(front_end._tail.look)
    await asyncio.sleep(0)
    assert front_end._recommender.unavailable == {"gone"}


async def test_a_log_that_cannot_be_counted_anew_does_not_stop_a_new_version(
    front_end: FrontEnd, log: InMemoryEventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_schema: object) -> None:
        raise Unavailable("the disk failed")

    world = World(BUYING)
    monkeypatch.setattr(log, "item_counts", failing)
    front_end.versions.put(world.version)
    front_end.versions.set_label("stable", 1)
    await front_end.announce_versions()
    assert not front_end._schema.current.is_open
    world.readers.shutdown()
