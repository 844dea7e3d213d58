"""The queue in front of the model: a batch is what arrived while the last one ran.

Work-conserving: there is no waiting window and no polling. Requests that are cancelled leave the
queue at once, and those past their deadline when a batch forms, before they cost anything.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from recserve.server.engine.contract import RankingRequest
from recserve.server.engine.padding import padded_size, padded_width

Caller = TypeVar("Caller")
Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Waiting(Generic[Caller]):
    """A request in the queue."""

    caller: Caller
    """Where the answer goes."""
    key: Key
    """Names the request: its connection and its id there."""
    request: RankingRequest
    arrival: float
    """When it arrived, on the clock of the batcher, in seconds."""


@dataclass(frozen=True, slots=True)
class Batch(Generic[Caller]):
    """What is computed next."""

    live: list[Waiting[Caller]]
    """To be computed together; all with candidates, or all without."""
    expired: list[Waiting[Caller]]
    """To be told that their deadline has passed."""


class Batcher(Generic[Caller]):
    """Forms batches. Any thread may put and cancel; one thread takes.

    Args:
        max_requests: Most requests in a batch.
        max_candidates: Most candidates in a batch, padding included; one request may have more.
        clock: Gives the time in seconds; the clock of the deadlines.
    """

    def __init__(
        self, *, max_requests: int, max_candidates: int, clock: Callable[[], float]
    ) -> None:
        self._max_requests = max_requests
        self._max_candidates = max_candidates
        self._clock = clock
        self._changed = threading.Condition()  # guards all fields below
        self._queue: deque[Waiting[Caller]] = deque()
        self._closed = False

    def put(self, caller: Caller, key: Key, request: RankingRequest) -> None:
        """Add a request."""
        waiting = Waiting(caller, key, request, self._clock())
        with self._changed:
            self._queue.append(waiting)
            self._changed.notify()

    def cancel(self, key: Key) -> None:
        """Nobody waits for this request any more: it leaves the queue, if it is still there."""
        with self._changed:
            for place, waiting in enumerate(self._queue):
                if waiting.key == key:
                    del self._queue[place]
                    return

    def close(self) -> None:
        """Make `take` return None once nothing waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            return len(self._queue)

    def take(self) -> Batch[Caller] | None:
        """Wait for requests and return the next batch; None when closed and empty."""
        with self._changed:
            while not self._queue:
                if self._closed:
                    return None
                self._changed.wait()
            return self._form(self._clock())

    def _form(self, now: float) -> Batch[Caller]:
        live: list[Waiting[Caller]] = []
        expired: list[Waiting[Caller]] = []
        passed_over: list[Waiting[Caller]] = []
        widest = 0
        while self._queue and len(live) < self._max_requests:
            waiting = self._queue.popleft()
            if waiting.request.deadline <= now:
                expired.append(waiting)
                continue
            candidates = _candidate_count(waiting.request)
            if live and not self._fits(live, widest, candidates):
                passed_over.append(waiting)
                if _is_scoring(waiting.request) == _is_scoring(live[0].request):
                    break  # it is full: later ones must not overtake for ever
                continue
            live.append(waiting)
            widest = max(widest, candidates)
        self._queue.extendleft(reversed(passed_over))
        return Batch(live, expired)

    def _fits(self, live: list[Waiting[Caller]], widest: int, candidates: int) -> bool:
        if (candidates > 0) != _is_scoring(live[0].request):
            return False
        padded = padded_size(len(live) + 1) * padded_width(max(widest, candidates))
        return padded <= self._max_candidates


def _is_scoring(request: RankingRequest) -> bool:
    return request.candidate_rows is not None


def _candidate_count(request: RankingRequest) -> int:
    return 0 if request.candidate_rows is None else max(1, len(request.candidate_rows))
