"""The queue in front of the model: a batch is what arrived while the last one ran.

Work-conserving: there is no waiting window and no polling. Requests that are cancelled leave the
queue at once, and those past their deadline when a batch forms, before they cost anything.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from recserve.server.engine.frames import ArrivedRequest
from recserve.server.engine.padding import padded_size, padded_width

Caller = TypeVar("Caller")


@dataclass(slots=True, eq=False)
class Waiting(Generic[Caller]):
    """A request in the queue."""

    caller: Caller
    """Where the answer goes."""
    request_id: int
    """Names the request among the caller's."""
    request: ArrivedRequest
    arrival: float
    """When it arrived, on the clock of the batcher, in seconds."""


@dataclass(slots=True, eq=False)
class Batch(Generic[Caller]):
    """What is computed next."""

    live: list[Waiting[Caller]]
    """To be computed together; all with candidates, all to find similar items, or all to
    find the same number of rows with the same filter."""
    expired: list[Waiting[Caller]]
    """To be told that their deadline has passed."""


class Batcher(Generic[Caller]):
    """Forms batches. Any thread may put and cancel; one thread takes.

    A row is an item that is ranked for a user. A request has as many as it has candidates, or as
    retrieval finds; a batch has those of its widest request for each of its padded requests.

    Args:
        max_requests: Most requests in a batch.
        max_rows: Most rows in a batch, padding included; one request may have more.
        rows_found: Rows that retrieval finds for a request without candidates, unless that asks
            for more.
        clock: Gives the time in seconds; the clock of the deadlines.
        item_count: Rows that a search for similar items looks at.
    """

    def __init__(
        self,
        *,
        max_requests: int,
        max_rows: int,
        rows_found: int,
        clock: Callable[[], float],
        item_count: int = 1,
    ) -> None:
        self._max_requests = max_requests
        self._max_rows = max_rows
        self._rows_found = rows_found
        self._clock = clock
        self._item_count = item_count
        self._changed = threading.Condition()  # guards all fields below
        self._queue: dict[tuple[Caller, int], Waiting[Caller]] = {}  # the oldest comes first
        self._closed = False

    def put(self, caller: Caller, requests: Iterable[tuple[int, ArrivedRequest]]) -> None:
        """Add requests of a caller, each with its id."""
        now = self._clock()
        with self._changed:
            for request_id, request in requests:
                self._queue[caller, request_id] = Waiting(caller, request_id, request, now)
            self._changed.notify()

    def cancel(self, caller: Caller, request_id: int) -> bool:
        """Nobody waits for this request any more: it leaves the queue.

        Returns:
            Whether it was still there.
        """
        with self._changed:
            return self._queue.pop((caller, request_id), None) is not None

    def cancel_all(self, caller: Caller) -> int:
        """The caller has gone away: what it waits for leaves the queue; return how many."""
        with self._changed:
            gone = [key for key in self._queue if key[0] is caller]
            for key in gone:
                del self._queue[key]
            return len(gone)

    def close(self) -> None:
        """Make `take` return None once nothing waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        return len(self._queue)

    def take(self) -> Batch[Caller] | None:
        """Wait for requests and return the next batch; None when closed and empty."""
        with self._changed:
            while not self._queue:
                if self._closed:
                    return None
                self._changed.wait()
            return self._form(self._clock())

    def rows(self, live: Iterable[Waiting[Caller]]) -> int:
        """The rows of requests, padding left out."""
        return sum(self._width(waiting.request) for waiting in live)

    def _form(self, now: float) -> Batch[Caller]:
        live: list[Waiting[Caller]] = []
        expired: list[Waiting[Caller]] = []
        widest = 0
        kind: object = None
        for waiting in self._queue.values():
            request = waiting.request
            if request.deadline <= now:
                expired.append(waiting)
                continue
            if not live:
                kind = self._kind(request)
            elif self._kind(request) != kind:
                continue
            width = self._padded_width(request)
            if live and padded_size(len(live) + 1) * max(widest, width) > self._max_rows:
                break  # it is full: later ones must not overtake for ever
            live.append(waiting)
            widest = max(widest, width)
            if len(live) == self._max_requests:
                break
        for waiting in (*live, *expired):
            del self._queue[waiting.caller, waiting.request_id]
        return Batch(live, expired)

    def _kind(self, request: ArrivedRequest) -> object:
        """What may share a batch: candidates, or as many rows to be found among the same.

        Who asks for more than retrieval finds makes it find more for the whole batch, and so would
        change the answers of the others.
        """
        if request.candidate_rows is not None:
            return -1
        width, shaping = self._width(request), request.shaping
        if shaping is None:
            return width
        if shaping.similar_to is not None:
            return "similar"
        return width if shaping.mask is None else (width, shaping.mask)

    def _width(self, request: ArrivedRequest) -> int:
        if request.candidate_rows is not None:
            return request.candidate_count
        if request.shaping is not None and request.shaping.similar_to is not None:
            return self._item_count
        return max(self._rows_found, request.result_count)

    def _padded_width(self, request: ArrivedRequest) -> int:
        width = self._width(request)
        return width if request.candidate_rows is None else padded_width(max(1, width))
