"""Follows the log for those who look on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from recserve.server.errors import Overloaded, Unavailable
from recserve.server.event_log.interface import EventLog
from recserve.server.events import Event, LoggedEvent

MAX_FOLLOWERS = 32
"""Each reads the log once more."""
MAX_EVENTS_PER_READ = 500
RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are wanted; what is empty excludes none."""

    event_types: Collection[str] = ()
    user_id: str = ""
    item_id: str = ""

    def takes(self, event: Event) -> bool:
        """Whether an event is wanted."""
        return (
            (not self.event_types or event.event_type in self.event_types)
            and (not self.user_id or event.user_id == self.user_id)
            and (not self.item_id or event.item_id == self.item_id)
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """The next part of the log."""

    events: tuple[LoggedEvent, ...]
    position: int
    """Everything up to here has been looked at."""


class Progress(Protocol):
    """How far the log is known, such as `LogFeed`."""

    @property
    def position(self) -> int:
        """Everything up to here is stored, or was erased."""

    async def reached(self, position: int) -> None:
        """Wait until everything up to a position is known."""


class LogFollowers:
    """Reads on for each follower as fast as that one takes it, and no faster. For one event loop.

    Args:
        log: The log.
        progress: Tells when there is more.
        readers: Reads the log, for one follower at a time.
    """

    def __init__(self, log: EventLog, progress: Progress, readers: Executor) -> None:
        self._log = log
        self._progress = progress
        self._readers = readers
        self._count = 0
        self._draining = asyncio.Event()

    def drain(self) -> None:
        """Send all followers away: this server stops."""
        self._draining.set()

    async def follow(self, after: int | None, wanted: EventFilter) -> AsyncIterator[Piece]:
        """Give the log piece by piece, for ever. The first piece comes at once.

        Args:
            after: The position to begin behind; None: that of the last event.
            wanted: Which events.

        Raises:
            Overloaded: Too many follow already.
            Unavailable: The log cannot be read, or the server is stopping.
        """
        if self._count >= MAX_FOLLOWERS:
            raise Overloaded(
                f"{MAX_FOLLOWERS} callers follow the event log already; try again later",
                retry_after_seconds=RETRY_SECONDS,
                reason="TOO_MANY_FOLLOWERS",
            )
        self._count += 1
        try:
            position = await self._in_thread(self._log.last_position) if after is None else after
            yield Piece((), position)
            while True:
                known = self._progress.position  # taken first: all up to here is in the read
                logged = await self._in_thread(self._log.after, position, MAX_EVENTS_PER_READ)
                if logged:
                    position = logged[-1].position
                    yield Piece(
                        tuple(each for each in logged if wanted.takes(each.event)), position
                    )
                else:  # what is known and not there was erased
                    position = max(position, known)
                    await self._wait_behind(position)
                if self._draining.is_set():
                    raise Unavailable("the server is stopping; ask another one", reason="DRAINING")
        finally:
            self._count -= 1

    async def _wait_behind(self, position: int) -> None:
        """Wait until there may be something behind a position, or the server stops."""
        waits = [
            asyncio.ensure_future(self._progress.reached(position + 1)),
            asyncio.ensure_future(self._draining.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
                with suppress(asyncio.CancelledError):
                    await wait

    async def _in_thread(self, function: Callable[..., object], *arguments: object) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._readers, function, *arguments)
