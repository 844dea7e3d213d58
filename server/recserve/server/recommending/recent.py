"""Recent queries: what a new engine is warmed up with, beside made-up ones."""

import asyncio
import time
from collections import deque
from dataclasses import replace

from recserve.server import logs
from recserve.server.errors import RecserveServerError
from recserve.server.recommending.query import Query
from recserve.server.recommending.recommender import Recommender
from recserve.server.recommending.versions import ServedVersion

MAX_QUERIES = 64
AT_ONCE = 8
SECONDS = 1.0
"""Longest that a warm-up may take: the version before answers meanwhile."""


class RecentQueries:
    """The last queries, in memory only. Belongs to one event loop.

    Args:
        recommender: Answers them again.
    """

    def __init__(self, recommender: Recommender) -> None:
        self._recommender = recommender
        self._queries: deque[Query] = deque(maxlen=MAX_QUERIES)

    def add(self, query: Query) -> None:
        """Remember a query; the oldest is forgotten."""
        self._queries.append(query)

    def forget(self) -> None:
        """Forget them all, such as when a user is erased, who may be among those who asked."""
        self._queries.clear()

    async def warm_up(self, version: ServedVersion) -> None:
        """Ask them of a version that nobody asks yet. The answers go nowhere."""
        waiting = iter(list(self._queries))
        until = time.monotonic() + SECONDS

        async def ask() -> None:
            for query in waiting:
                if time.monotonic() >= until:
                    return
                await self._ask(replace(query, min_log_position=0, deadline=until), version)

        start = time.monotonic()
        await asyncio.gather(*(ask() for _ in range(AT_ONCE)))
        if self._queries:
            logs.get("versions").info(
                "warmed up with recent queries",
                version=version.number,
                queries=len(self._queries),
                seconds=round(time.monotonic() - start, 3),
            )

    async def _ask(self, query: Query, version: ServedVersion) -> None:
        try:
            # A filter may have to read the whole catalogue first: nobody waits for that here.
            async with asyncio.timeout(query.deadline - time.monotonic()):
                user = await self._recommender.look_up(query)
                await self._recommender.recommend(query, user, version, "")
        except (RecserveServerError, TimeoutError):
            return  # whoever asks in earnest will be told
        except Exception:
            logs.get("versions").exception("a warm-up query failed", version=version.number)
