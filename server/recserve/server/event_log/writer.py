"""The thread that writes the event log: group commit behind a bounded queue."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from recserve.server.errors import Overloaded, Unavailable
from recserve.server.event_log.interface import Appended, EventLog
from recserve.server.events import Event, LoggedEvent

DEFAULT_MAX_QUEUED_EVENTS = 50_000
DEFAULT_MAX_EVENTS_PER_COMMIT = 5_000
RETRY_AFTER_SECONDS = 0.5

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    events: Sequence[Event]
    future: Future[Appended] = field(default_factory=Future)


class LogWriter:
    """Writes groups of events in one thread; all that wait share one transaction.

    A future resolves after its group is durable and after `on_commit` has been called with
    the new events. An event loop that is told of both by `call_soon_threadsafe`, as
    `asyncio.wrap_future` does for the future, runs them in this order: so views that are
    updated in `on_commit` are up to date before the call is answered.

    `deliver` may hand the resolving over to another thread, a transaction's futures at once:
    a future for itself would cost a wake-up of that thread each.

    The condition guards `_queue`, `_queued_events`, `_closing` and `_dropping`; the thread
    lets go of it before it touches the log.

    Args:
        log: The log.
        on_commit: Called in the writer's thread with the events that were really new, in
            commit order, duplicates left out. If it raises, the error is logged: the events
            are durable, and a `LogTail` brings them to the views.
        max_queued_events: Most events that wait; beyond it `submit` refuses.
        max_events_per_commit: Most events of one transaction, unless one group has more.
        deliver: Is given what resolves the futures of a transaction, to be called once, such
            as the event loop's `call_soon_threadsafe`. Default: calls it in the writer's thread.
    """

    def __init__(
        self,
        log: EventLog,
        on_commit: Callable[[Sequence[LoggedEvent]], None],
        *,
        max_queued_events: int = DEFAULT_MAX_QUEUED_EVENTS,
        max_events_per_commit: int = DEFAULT_MAX_EVENTS_PER_COMMIT,
        deliver: Callable[[Callable[[], None]], object] = lambda resolve: resolve(),
    ) -> None:
        self._log = log
        self._on_commit = on_commit
        self._max_queued_events = max_queued_events
        self._max_events_per_commit = max_events_per_commit
        self._deliver = deliver
        self._condition = threading.Condition()
        self._queue: deque[_Waiting] = deque()
        self._queued_events = 0
        self._closing = False
        self._dropping = False
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)

    def start(self) -> None:
        """Starts the thread. Groups may be submitted before."""
        self._thread.start()

    @property
    def queued_events(self) -> int:
        """Events that wait to be written, those of the running transaction left out."""
        with self._condition:
            return self._queued_events

    def submit(self, events: Sequence[Event]) -> Future[Appended]:
        """Hands over one group of checked events; never blocks.

        A future that is cancelled while its group waits takes the group out; one that is
        cancelled later has no effect.

        Raises:
            Overloaded: Too many events wait (EVENT_QUEUE_FULL).
            Unavailable: The writer is closing (SHUTTING_DOWN).
        """
        waiting = _Waiting(tuple(events))
        with self._condition:
            if self._closing:
                raise Unavailable("the server is shutting down", reason="SHUTTING_DOWN")
            if self._queued_events + len(waiting.events) > self._max_queued_events:
                raise Overloaded(
                    f"{self._queued_events} events wait to be stored, which is the limit",
                    retry_after_seconds=RETRY_AFTER_SECONDS,
                    reason="EVENT_QUEUE_FULL",
                )
            self._queue.append(waiting)
            self._queued_events += len(waiting.events)
            self._condition.notify()
        return waiting.future

    def close(self, *, drain: bool = True) -> None:
        """Stops the thread, and waits for it.

        Args:
            drain: Whether to write what waits first; otherwise it fails with SHUTTING_DOWN.
        """
        with self._condition:
            self._closing = True
            self._dropping = not drain
            self._condition.notify()
        if self._thread.is_alive():
            self._thread.join()
        left = self._take_all()
        if left:
            error = Unavailable("the server is shutting down", reason="SHUTTING_DOWN")
            self._deliver(partial(_fail, left, error))

    def _run(self) -> None:
        while batch := self._next_batch():
            running = [each for each in batch if each.future.set_running_or_notify_cancel()]
            if running:
                self._write(running)

    def _write(self, batch: list[_Waiting]) -> None:
        try:
            appended = self._log.append_groups([each.events for each in batch])
        except Exception as error:  # whatever it is, the callers must hear of it
            self._deliver(partial(_fail, batch, error))
            return
        self._announce(tuple(logged for each in appended for logged in each.accepted))
        self._deliver(partial(_resolve, batch, appended))

    def _announce(self, logged: Sequence[LoggedEvent]) -> None:
        if not logged:
            return
        try:
            self._on_commit(logged)
        except Exception:
            logger.exception("views were not told of %d new events", len(logged))

    def _next_batch(self) -> list[_Waiting]:
        """Waits for groups and takes a transaction's worth; empty once there is no more."""
        with self._condition:
            while not self._queue and not self._closing:
                self._condition.wait()
            if self._dropping:
                return []
            batch: list[_Waiting] = []
            room = self._max_events_per_commit
            while self._queue and (not batch or len(self._queue[0].events) <= room):
                batch.append(self._queue.popleft())
                room -= len(batch[-1].events)
                self._queued_events -= len(batch[-1].events)
            return batch

    def _take_all(self) -> list[_Waiting]:
        with self._condition:
            left = [each for each in self._queue if each.future.set_running_or_notify_cancel()]
            self._queue.clear()
            self._queued_events = 0
            return left


def _resolve(batch: list[_Waiting], appended: list[Appended]) -> None:
    for waiting, result in zip(batch, appended, strict=True):
        waiting.future.set_result(result)


def _fail(batch: list[_Waiting], error: Exception) -> None:
    for waiting in batch:
        waiting.future.set_exception(error)
