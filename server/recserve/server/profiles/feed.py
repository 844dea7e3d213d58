"""Brings every event to the views once, whoever saw it first."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import partial

from recserve.server.events import LoggedEvent

View = Callable[[Sequence[LoggedEvent]], None]


class LogFeed:
    """Merges this server's own commits and what the tail read into one stream for views.

    The two race: an event of our own may come from the writer before an older foreign one
    comes from the tail, or from the tail first. So the feed remembers which positions it
    has passed on: a number for the past, and a set for what came early.

    The views run on the event loop's thread, which owns all fields. `from_writer` and
    `from_tail` are called on any thread, and so may be `position`.

    Args:
        loop: The event loop.
        position: The position that the views reflect already, such as that of the
            `ItemCounts` that the popularity began with.
        views: Called with the events that are new to them, such as `Profiles.apply`.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, position: int, views: Iterable[View]
    ) -> None:
        self._loop = loop
        self._position = position
        self._views = tuple(views)
        self._early: set[int] = set()
        self._waiters: dict[asyncio.Future[None], int] = {}
        self.on_waiting: Callable[[], None] = lambda: None
        """Called when somebody waits for a position; such as `LogTail.nudge`."""

    @property
    def position(self) -> int:
        """The position up to which the views have everything."""
        return self._position

    def from_writer(self, logged: Sequence[LoggedEvent]) -> None:
        """Takes events that this server committed; `LogWriter`'s `on_commit`.

        They reach the views before a future that is resolved afterwards reaches the loop.
        """
        self._loop.call_soon_threadsafe(self.committed, logged)

    def from_tail(self, logged: Sequence[LoggedEvent]) -> "Future[None]":
        """Takes events read from the log; `LogTail`'s `on_events`.

        Returns:
            A future that resolves when the views have them.
        """
        taken: Future[None] = Future()
        self._loop.call_soon_threadsafe(partial(self._tailed_for, taken), logged)
        return taken

    def committed(self, logged: Sequence[LoggedEvent]) -> None:
        """Passes on events of any positions; on the event loop's thread."""
        self._pass_on(logged)
        while self._position + 1 in self._early:
            self._position += 1
            self._early.remove(self._position)
        self._wake()

    def tailed(self, logged: Sequence[LoggedEvent]) -> None:
        """Passes on all events between `position` and the last one; on the loop's thread."""
        self._pass_on(logged)
        self._position = max([self._position, *(each.position for each in logged[-1:])])
        self._early = {each for each in self._early if each > self._position}
        self.committed(())  # what came early may join on

    async def reached(self, position: int) -> None:
        """Waits until the views have everything up to a position; bound it with a timeout."""
        if position <= self._position:
            return
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiters[future] = position
        self.on_waiting()
        try:
            await future
        finally:
            del self._waiters[future]

    def _tailed_for(self, taken: "Future[None]", logged: Sequence[LoggedEvent]) -> None:
        if not taken.set_running_or_notify_cancel():
            return
        try:
            self.tailed(logged)
        except Exception as error:  # the tail's thread reports it
            taken.set_exception(error)
        else:
            taken.set_result(None)

    def _pass_on(self, logged: Sequence[LoggedEvent]) -> None:
        new = [each for each in logged if self._is_new(each.position)]
        for view in self._views if new else ():
            view(new)
        self._early.update(each.position for each in new)

    def _is_new(self, position: int) -> bool:
        return position > self._position and position not in self._early

    def _wake(self) -> None:
        for future, position in self._waiters.items():
            if position <= self._position and not future.done():
                future.set_result(None)
