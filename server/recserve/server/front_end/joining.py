"""Joins visitors to users for callers, off the event loop."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from recserve.server.joining import Joined, UserJoins
from recserve.server.profiles import Profiles


class UserJoiner:
    """Joins one visitor at a time, and has profiles follow. Belongs to one event loop.

    Args:
        joins: Who is who.
        profiles: Are read anew.
    """

    def __init__(self, joins: UserJoins, profiles: Profiles) -> None:
        self._joins = joins
        self._profiles = profiles
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "joining")
        self._work: set[asyncio.Task[Joined]] = set()
        self._last = 0

    def open(self) -> None:
        """Read how many joins there were. Blocks.

        Raises:
            Unavailable: the database cannot be read.
        """
        self._last = self._joins.last()

    async def join(self, visitor_id: str, user_id: str) -> Joined:
        """Join a visitor; every later answer goes by it. Goes on if the caller leaves.

        Raises:
            FailedPrecondition: the visitor is another user already, or too large.
            Overloaded: The disk is full, or another process writes for too long.
            Unavailable: The database fails.
        """
        work = asyncio.create_task(self._join(visitor_id, user_id))
        self._work.add(work)
        work.add_done_callback(self._work.discard)
        return await asyncio.shield(work)

    def follow(self) -> None:
        """Have profiles follow other servers' joins; on the tail's thread.

        Raises:
            Unavailable: the database cannot be read.
        """
        joined = self._joins.after(self._last)
        if joined:
            ids = [each for pair in joined for each in (pair.visitor_id, pair.user_id)]
            self._loop.call_soon_threadsafe(self._profiles.invalidate, ids)
            self._last = joined[-1].number

    def close(self) -> None:
        """Wait for what has begun."""
        self._thread.shutdown(cancel_futures=True)

    async def _join(self, visitor_id: str, user_id: str) -> Joined:
        joined = await self._loop.run_in_executor(
            self._thread, self._joins.join, visitor_id, user_id
        )
        self._profiles.invalidate([visitor_id, joined.user_id])
        return joined
