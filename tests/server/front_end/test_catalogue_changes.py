"""The front end follows the catalogue, and survives a database that fails meanwhile."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence

import pytest

from recserve.server.catalogue import InMemoryCatalogue, ItemRecord, Put
from recserve.server.errors import Unavailable
from recserve.server.event_log import InMemoryEventLog, LogTail
from recserve.server.front_end.current_schema import CurrentSchema
from recserve.server.front_end.front_end import FrontEnd
from recserve.server.front_end.storage import Storage
from recserve.server.model_store.memory import InMemoryModelStore
from recserve.server.schema import declare
from recserve.server.supervision import InMemorySupervision
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
        storage=Storage.in_memory(log, catalogue),
        store=InMemoryModelStore(),
        schema=CurrentSchema(declare(schema_pb2.Schema()), fixed=False),
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


async def test_what_this_server_changes_itself_is_not_read_again(
    front_end: FrontEnd, catalogue: Unreliable, monkeypatch: pytest.MonkeyPatch
) -> None:
    await front_end._changes.put_items([ItemRecord("gone", available=False), ItemRecord("here")])
    assert front_end._recommender.unavailable == {"gone"}
    catalogue.failures = 1
    await asyncio.to_thread(front_end._tail.look)  # reads nothing, so nothing fails
    assert catalogue.failures == 1


async def test_a_caller_that_leaves_does_not_take_its_change_along(
    front_end: FrontEnd, catalogue: Unreliable, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_commit, committing = threading.Event(), asyncio.Event()
    loop, put_items = asyncio.get_running_loop(), catalogue.put_items

    def slow(items: Sequence[ItemRecord]) -> Put:
        loop.call_soon_threadsafe(committing.set)
        may_commit.wait(20)
        return put_items(items)

    monkeypatch.setattr(catalogue, "put_items", slow)
    calling = asyncio.ensure_future(
        front_end._changes.put_items([ItemRecord("gone", available=False)])
    )
    await committing.wait()
    calling.cancel()
    may_commit.set()
    await front_end._changes.run(lambda: None)
    await asyncio.to_thread(front_end._changes._threads.shutdown)
    await asyncio.sleep(0)
    assert front_end._recommender.unavailable == {"gone"}


async def test_a_change_that_fails_changes_no_answer(
    front_end: FrontEnd, catalogue: Unreliable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_item_ids: object) -> None:
        raise Unavailable("the disk failed")

    monkeypatch.setattr(catalogue, "delete_items", failing)
    with pytest.raises(Unavailable):
        await front_end._changes.delete_items(["a"])
    assert not front_end._recommender.unavailable


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
