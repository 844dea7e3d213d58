"""What an engine does all the time: takes batches, computes them, answers."""

import socket
import time
from typing import Any

from recserve.server import logs
from recserve.server.engine.arrays import BoolArray
from recserve.server.engine.batcher import Batcher, Waiting
from recserve.server.engine.connection import Connection
from recserve.server.engine.frames import (
    EXPIRED,
    FAILED,
    FORGET,
    Arrival,
    encode_failure,
    encode_ranking,
    encode_shaped_ranking,
)
from recserve.server.engine.known_masks import KnownMasks
from recserve.server.metric_batches import observe_all
from recserve.server.shaping import Shaped


class EngineLoop:
    """Answers the front ends that connect, batch by batch.

    Args:
        model: The loaded version.
        batcher: The queue in front of it.
        version: Its number, for metrics.
    """

    def __init__(self, model: Any, batcher: Batcher[Connection], version: str) -> None:
        from recserve.server import metrics

        self._model = model
        self._masks: KnownMasks[Connection] = KnownMasks()
        self._batcher = batcher
        self._rows = metrics.BATCH_ROWS
        self._requests = metrics.BATCH_REQUESTS
        self._queue = metrics.ENGINE_QUEUE_REQUESTS
        self._cancelled = metrics.ENGINE_DROPPED.labels("cancelled")
        self._expired = metrics.ENGINE_DROPPED.labels("expired")
        self._traces = metrics.ENGINE_TRACES
        self._traced = model.traces
        self._queue_seconds = metrics.STAGE_SECONDS.labels("queue", version)
        self._inference_seconds = metrics.STAGE_SECONDS.labels("inference", version)
        self._log = logs.get("engine")
        if metrics.MISSING:
            self._log.error(metrics.MISSING)

    def accept(self, listener: socket.socket) -> None:
        """Accept front ends for ever: a restarted one connects anew."""
        number = 0
        while True:
            connection, _ = listener.accept()
            number += 1
            Connection(connection, number).start(self.on_arrivals, self.on_end)

    def run(self) -> None:
        """Answer batches until the batcher is closed."""
        while (batch := self._batcher.take()) is not None:
            self._queue.set(len(self._batcher))
            for waiting in batch.expired:
                self._expired.inc()
                waiting.caller.send(encode_failure(EXPIRED, waiting.request_id))
            if batch.live:
                self._answer(batch.live)

    def on_arrivals(self, connection: Connection, arrivals: list[Arrival]) -> None:
        """Take what has arrived together, on the connection's thread."""
        requests = {}
        for arrival in arrivals:
            if arrival.request is not None:
                if arrival.request.shaping is not None:
                    self._masks.look_up(connection, arrival.request.shaping)
                requests[arrival.request_id] = arrival.request
            elif arrival.mask is not None:
                self._masks.put(connection, arrival.request_id, arrival.mask)
            elif arrival.kind == FORGET:
                self._masks.forget(connection, arrival.request_id)
            elif arrival.available is not None:
                self._set_available(arrival.available)
            elif requests.pop(arrival.request_id, None) or self._batcher.cancel(
                connection, arrival.request_id
            ):
                self._cancelled.inc()
        if requests:
            self._batcher.put(connection, requests.items())

    def on_end(self, connection: Connection) -> None:
        """A front end has gone: nobody waits for its answers."""
        self._masks.forget_all(connection)
        self._cancelled.inc(self._batcher.cancel_all(connection))

    def _set_available(self, available: BoolArray) -> None:
        try:
            self._model.set_available(available)
        except ValueError as error:
            self._log.error("availability refused", error=str(error))

    def _answer(self, live: list[Waiting[Connection]]) -> None:
        start = time.monotonic()
        try:
            found = self._model.rank([waiting.request for waiting in live])
        except Exception:
            self._log.exception("batch failed", requests=len(live))
            self._fail(live)
            return
        seconds = time.monotonic() - start
        answers: dict[Connection, list[bytes]] = {}
        for waiting, each in zip(live, found, strict=True):
            facts: Any = {
                "queue_seconds": start - waiting.arrival,
                "inference_seconds": seconds,
                "batch_requests": len(live),
            }
            if isinstance(each, Shaped):
                frame = encode_shaped_ranking(waiting.request_id, each, **facts)
            else:
                frame = encode_ranking(waiting.request_id, *each, **facts)
            answers.setdefault(waiting.caller, []).append(frame)
        for connection, frames in answers.items():
            connection.send(b"".join(frames))
        self._measure(live, start, seconds)

    def _measure(self, live: list[Waiting[Connection]], start: float, seconds: float) -> None:
        """After the answers are out."""
        observe_all(self._queue_seconds, [start - waiting.arrival for waiting in live])
        self._inference_seconds.observe(seconds)
        self._requests.observe(len(live))
        self._rows.observe(self._batcher.rows(live))
        if self._model.traces > self._traced:
            self._traces.inc(self._model.traces - self._traced)
            self._traced = self._model.traces

    def _fail(self, live: list[Waiting[Connection]]) -> None:
        """One request must not fail its neighbours: try each alone, once."""
        if len(live) > 1:
            for waiting in live:
                self._answer([waiting])
            return
        for waiting in live:
            waiting.caller.send(encode_failure(FAILED, waiting.request_id))
