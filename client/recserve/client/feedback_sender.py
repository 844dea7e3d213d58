"""Feedback in the background."""

import dataclasses
import logging
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Literal, Self, TypeAlias, get_args

from recserve.client.clock import Clock
from recserve.client.errors import (
    BufferFull,
    ClientClosed,
    DeadlineExceeded,
    InvalidArgument,
    RecserveError,
)
from recserve.client.event import Event, FeatureValue, FeedbackReceipt
from recserve.client.exits import at_exit
from recserve.client.forks import forks
from recserve.client.recommendation import Answer
from recserve.client.settings import check_timeout

WhenFull: TypeAlias = Literal["block", "drop", "raise"]
OnError: TypeAlias = Callable[[Sequence[Event], Exception], None]
Send: TypeAlias = Callable[[Sequence[Event], float], FeedbackReceipt]

_MOST_EVENTS_PER_CALL = 1000
_FORK_PATIENCE_SECONDS = 1.0
"""How long a fork waits for a batch on its way: gRPC is best copied while it rests."""
_EVENT_OF_FIELD = re.compile(r"events\[(\d+)\]")
_log = logging.getLogger("recserve.client")


@dataclasses.dataclass(frozen=True, slots=True)
class SenderCounts:
    """What became of a sender's events. Each event is counted once."""

    sent: int = 0
    """Durable at the server."""
    dropped: int = 0
    """Not taken, because the buffer was full."""
    failed: int = 0
    """Not stored as far as is known; `on_error` got them."""


class FeedbackSender:
    """Reports events from one thread, in batches, so that the caller does not wait.

    Made by `Client.feedback_sender`, which describes the arguments. Leaving the `with`
    block, closing the client and a normal exit of the interpreter all send what is left.
    An event that the server refuses does not hold up the others of its batch.

        with client.feedback_sender() as sender:
            sender.feedback("user-42", "item-7", "click")

    The thread starts with the first event. `_changed` guards every field that changes:
    `_waiting`, `_in_flight`, `_counts`, `_added`, `_settled`, `_flush_to`, `_close_at`,
    `_forking` and `_thread`. It is let go while a batch is sent and while `on_error` runs, so
    that neither a slow server nor a callback that adds events holds up other threads.

    A fork holds it: so what the child inherits is whole. The child has no thread, and an
    empty buffer, since its parent sends what was in it.

    Raises:
        ValueError: An argument is out of its range.
    """

    def __init__(
        self,
        send: Send,
        *,
        max_events: int = 10_000,
        max_age: float = 1.0,
        batch_size: int = 500,
        when_full: WhenFull = "block",
        on_error: OnError | None = None,
        timeout: float = 10.0,
        clock: Clock | None = None,
    ) -> None:
        if max_events < 1:
            raise ValueError(f"max_events must be at least 1, got {max_events}")
        if not max_age >= 0:
            raise ValueError(f"max_age must be at least 0 seconds, got {max_age}")
        if not 1 <= batch_size <= _MOST_EVENTS_PER_CALL:
            raise ValueError(f"batch_size must be 1 to {_MOST_EVENTS_PER_CALL}, got {batch_size}")
        if when_full not in get_args(WhenFull):
            raise ValueError(f"when_full must be 'block', 'drop' or 'raise', got {when_full!r}")
        self._send = send
        self._max_events = max_events
        self._max_age = max_age
        self._batch_size = min(batch_size, max_events)
        self._when_full = when_full
        self._on_error = on_error or _log_lost
        self._timeout = check_timeout("timeout", timeout)
        self._clock = clock or Clock()

        self._close_at: float | None = None
        self._forking = False
        self._begin()
        forks.tell(self)

    def _begin(self) -> None:
        """The buffer is empty, and there is no thread."""
        self._changed = threading.Condition()
        self._waiting: deque[tuple[float, Event]] = deque()
        self._in_flight = 0
        self._counts = SenderCounts()
        self._added = 0
        self._settled = 0
        self._flush_to = 0
        self._thread: threading.Thread | None = None

    def feedback(
        self,
        user_id: str,
        item_id: str,
        event_type: str,
        *,
        value: float | None = None,
        event_time: datetime | float | None = None,
        recommendation: Answer | str | None = None,
        context: Mapping[str, FeatureValue] | None = None,
        event_id: str | None = None,
    ) -> bool:
        """Adds an event, with the arguments of `Client.feedback`; see `add`."""
        event = Event(
            user_id=user_id,
            item_id=item_id,
            event_type=event_type,
            value=value,
            event_time=event_time,
            recommendation=recommendation,
            context=context or {},
            event_id=event_id or "",
        )
        return self.add(event)

    def add(self, event: Event) -> bool:
        """Adds an event; its time is now, if it has none.

        Returns:
            False if the buffer was full and the event was dropped.

        Raises:
            BufferFull: The buffer is full, and `when_full` is "raise".
            ClientClosed: The sender is closed.
            TypeError, ValueError: The event cannot be sent.
        """
        from recserve.client.wire.events import event_message

        if event.event_time is None:
            event = dataclasses.replace(event, event_time=self._clock.time())
        event_message(event)  # raises here, where the caller can see which event is wrong
        with self._changed:
            if not self._has_room():
                return False
            self._waiting.append((self._clock.monotonic(), event))
            self._added += 1
            if self._thread is None:
                self._start()
            # The thread needs to know of the first event, to count its age, and of a batch.
            if len(self._waiting) == 1 or self._is_due():
                self._changed.notify_all()
        return True

    @property
    def counts(self) -> SenderCounts:
        """What became of the events so far."""
        return self._counts

    def flush(self) -> None:
        """Waits until every event added before is sent, or was given to `on_error`.

        Raises:
            RuntimeError: Called from `on_error`, which would wait for itself.
        """
        with self._changed:
            if self._thread is threading.current_thread():
                raise RuntimeError("flush cannot be called from on_error: it would wait for itself")
            target = self._flush_to = self._added
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._settled >= target)

    def close(self, timeout: float = 10.0) -> None:
        """Sends what is left, and ends the thread. Idempotent.

        Args:
            timeout: Seconds after which no further batch is begun, and events not sent
                go to `on_error`. A batch on its way is waited for.
        """
        with self._changed:
            if self._close_at is None:
                self._close_at = self._clock.monotonic() + timeout
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
            self._forget_exit()

    def before_fork(self) -> None:
        """See `Forkable.before_fork`."""
        self._changed.acquire()
        self._forking = True
        if self._thread is not threading.current_thread():
            self._changed.wait_for(lambda: not self._in_flight, _FORK_PATIENCE_SECONDS)

    def after_fork_in_parent(self) -> None:
        """See `Forkable.after_fork_in_parent`."""
        self._forking = False
        self._changed.notify_all()
        self._changed.release()

    def after_fork_in_child(self) -> None:
        """See `Forkable.after_fork_in_child`."""
        self._forking = False
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _has_room(self) -> bool:
        while True:
            if self._close_at is not None:
                raise ClientClosed("this feedback sender is closed; make a new one")
            if len(self._waiting) + self._in_flight < self._max_events:
                return True
            if self._when_full == "raise":
                raise BufferFull(f"{self._max_events} events wait to be sent; is the server slow?")
            if self._when_full == "drop":
                self._counts = dataclasses.replace(self._counts, dropped=self._counts.dropped + 1)
                return False
            self._changed.wait()

    def _start(self) -> None:
        # A daemon, since the interpreter joins all others before it calls atexit.
        self._thread = threading.Thread(
            target=self._work, name="recserve-feedback-sender", daemon=True
        )
        self._forget_exit = at_exit(self.close)
        self._thread.start()

    def _work(self) -> None:
        while batch := self._next_batch():
            self._deliver(batch)
            with self._changed:
                self._in_flight = 0
                self._settled += len(batch)
                self._changed.notify_all()

    def _next_batch(self) -> list[Event]:
        """Waits for a batch; an empty one says that the sender is closed."""
        with self._changed:
            while not self._is_due():
                if self._close_at is not None and not self._waiting:
                    return []
                self._changed.wait(self._seconds_to_age())
            size = min(self._batch_size, len(self._waiting))
            self._in_flight = size
            return [self._waiting.popleft()[1] for _ in range(size)]

    def _is_due(self) -> bool:
        if not self._waiting or self._forking:
            return False
        return (
            len(self._waiting) >= self._batch_size
            or self._flush_to > self._settled
            or self._close_at is not None
            or self._clock.monotonic() - self._waiting[0][0] >= self._max_age
        )

    def _seconds_to_age(self) -> float | None:
        if not self._waiting or self._forking:  # a fork wakes us when it is over
            return None
        return max(0.0, self._waiting[0][0] + self._max_age - self._clock.monotonic())

    def _deliver(self, batch: Sequence[Event]) -> None:
        """Sends the batch without what the server refuses; each event is counted once."""
        while batch:
            try:
                self._send_once(batch)
            except InvalidArgument as error:
                refused, batch = _split(batch, error)
                self._fail(refused, error)
            except Exception as error:  # the thread must outlive any of them
                self._fail(batch, error)
                return
            else:
                self._count(sent=len(batch))
                return

    def _send_once(self, batch: Sequence[Event]) -> None:
        seconds = self._timeout
        if self._close_at is not None:
            seconds = min(seconds, self._close_at - self._clock.monotonic())
        if seconds <= 0:
            raise DeadlineExceeded("the feedback sender was closed before these events were sent")
        self._send(batch, seconds)

    def _fail(self, events: Sequence[Event], error: Exception) -> None:
        self._count(failed=len(events))
        try:
            self._on_error(events, error)
        except Exception:
            _log.exception("on_error of the feedback sender failed, for %d events", len(events))

    def _count(self, *, sent: int = 0, failed: int = 0) -> None:
        with self._changed:
            counts = self._counts
            self._counts = dataclasses.replace(
                counts, sent=counts.sent + sent, failed=counts.failed + failed
            )


def _split(
    batch: Sequence[Event], error: InvalidArgument
) -> tuple[Sequence[Event], Sequence[Event]]:
    """Those that the server refuses, and the others; all of them if it does not say."""
    matches = (_EVENT_OF_FIELD.match(violation.field) for violation in error.violations)
    indices = {int(match[1]) for match in matches if match}
    refused = [event for index, event in enumerate(batch) if index in indices]
    if not refused:
        return batch, ()
    return refused, [event for index, event in enumerate(batch) if index not in indices]


def _log_lost(events: Sequence[Event], error: Exception) -> None:
    code = error.code if isinstance(error, RecserveError) else type(error).__name__
    _log.error("%d events were not stored (%s): %s", len(events), code, error)
