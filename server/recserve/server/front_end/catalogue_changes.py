"""Reads and changes the catalogue for callers, off the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from recserve.server.catalogue import Catalogue, Deleted, ItemRecord, Put, UserRecord
from recserve.server.front_end.catalogue_view import CatalogueChange, CatalogueView

THREADS = 2
"""Its own, so that neither these calls nor the reads of recommending wait for the others."""

_R = TypeVar("_R")
_Committed = TypeVar("_Committed", Put, Deleted)


class CatalogueChanges:
    """What callers ask of the catalogue. A change is in every later answer when it returns.

    Belongs to one event loop. A caller that leaves takes no change along that has begun. Methods
    raise `Unavailable` or `Overloaded` where the database fails.

    Args:
        catalogue: The catalogue.
        view: What answers go by.
    """

    def __init__(self, catalogue: Catalogue, view: CatalogueView) -> None:
        self._catalogue = catalogue
        self._view = view
        self._threads = ThreadPoolExecutor(THREADS, "catalogue")

    async def run(self, work: Callable[[], _R]) -> _R:
        """Run what blocks or takes long."""
        return await asyncio.wrap_future(self._threads.submit(work))

    async def item(self, item_id: str) -> ItemRecord | None:
        """One item, or None."""
        return await self.run(partial(self._catalogue.get_item, item_id))

    async def user(self, user_id: str) -> UserRecord | None:
        """One user, or None."""
        return await self.run(partial(self._catalogue.get_user, user_id))

    async def put_items(self, items: Sequence[ItemRecord]) -> Put:
        """Add items, or replace those that are there; each comes once."""
        return await self._commit(
            partial(self._catalogue.put_items, items), CatalogueChange(items=items)
        )

    async def put_users(self, users: Sequence[UserRecord]) -> Put:
        """Add users, or replace those that are there; each comes once."""
        change = CatalogueChange(user_ids=[user.user_id for user in users])
        return await self._commit(partial(self._catalogue.put_users, users), change)

    async def delete_items(self, item_ids: Sequence[str]) -> Deleted:
        """Take items out of the catalogue, and out of every answer."""
        change = CatalogueChange(deleted_item_ids=item_ids)
        return await self._commit(partial(self._catalogue.delete_items, item_ids), change)

    def close(self) -> None:
        """Wait for what has begun."""
        self._threads.shutdown()

    async def _commit(self, work: Callable[[], _Committed], change: CatalogueChange) -> _Committed:
        loop = asyncio.get_running_loop()

        def bring(done: "Future[_Committed]") -> None:
            if not done.cancelled() and done.exception() is None:
                loop.call_soon_threadsafe(self._view.apply, change, done.result().revision)

        committing = self._threads.submit(work)
        # Not after the wait: the caller may leave meanwhile. Before it, so that it is done then.
        committing.add_done_callback(bring)
        return await asyncio.wrap_future(committing)
