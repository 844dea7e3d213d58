"""The main program of an engine: `python -m recserve.server.engine.process FD SETTINGS`.

Threads: `main` runs the model; `acceptor` accepts front ends; `reader-N` reads the frames of
one front end into the queue; `control` listens to the supervisor, and ends the process with it;
`low-priority` imports TensorFlow in a spare engine, which waits for the version that it is to load.
"""

import json
import queue
import signal
import socket
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from recserve.server import logs
from recserve.server.control import ChildControl, Message
from recserve.server.engine.batcher import Batch, Batcher, Waiting
from recserve.server.engine.connection import Connection
from recserve.server.engine.frames import (
    AVAILABLE,
    CANCEL,
    EXPIRED,
    FAILED,
    Arrival,
    encode_failure,
    encode_ranking,
)
from recserve.server.engine.settings import EngineSettings
from recserve.server.engine.tensorflow_start import import_tensorflow, start_tensorflow
from recserve.server.model_store import read_manifest
from recserve.server.priority import at_low_priority

MAX_BATCH_CANDIDATES = 1 << 16
"""Candidates of one batch: bounds its memory and its time."""
MAX_ERROR_CHARACTERS = 2000
"""Of why a version failed to load, for people; TensorFlow's errors may be books."""


def main() -> int:
    """Load, warm up, answer until told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides when we end
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    settings = EngineSettings(**json.loads(sys.argv[2]))
    logs.configure(process="engine", level=settings.log_level, log_format=settings.log_format)
    orders: queue.SimpleQueue[Message] = queue.SimpleQueue()
    control = ChildControl(int(sys.argv[1]), orders.put)
    control.start()
    try:
        if settings.is_spare:
            at_low_priority(import_tensorflow)
        device = start_tensorflow(settings.threads, settings.device)
        if settings.is_spare:
            control.send(state="spare")
            settings = replace(settings, **orders.get()["load"])
        model = _load(settings)
    except Exception as error:
        logs.get("engine").exception("engine failed to load", folder=settings.folder)
        text = f"{type(error).__name__}: {error}"
        control.send(state="failed", error=text[:MAX_ERROR_CHARACTERS])
        return 1
    batcher: Batcher[Connection] = Batcher(
        max_requests=settings.max_batch_requests,
        max_candidates=MAX_BATCH_CANDIDATES,
        clock=time.monotonic,
    )
    engine = EngineLoop(model, batcher, Path(settings.folder).name)
    listener = _listen(settings.socket)
    threading.Thread(target=engine.accept, args=(listener,), name="acceptor", daemon=True).start()
    control.send(state="ready", items=model.item_count, device=device)
    engine.run()
    return 0


class EngineLoop:
    """Takes batches, computes them, answers."""

    def __init__(self, model: Any, batcher: Batcher[Connection], version: str) -> None:
        from recserve.server import metrics

        self._model = model
        self._batcher = batcher
        self._rows = metrics.BATCH_ROWS
        self._requests = metrics.BATCH_REQUESTS
        self._queue = metrics.ENGINE_QUEUE_REQUESTS
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
            Connection(connection, number).start(self._on_arrival)

    def run(self) -> None:
        """Answer batches until the batcher is closed."""
        while (batch := self._batcher.take()) is not None:
            self._queue.set(len(self._batcher))
            self._expire(batch.expired)
            if batch.live:
                self._answer(batch)

    def _on_arrival(self, connection: Connection, arrival: Arrival) -> None:
        key = (connection.number, arrival.request_id)
        if arrival.request is not None:
            self._batcher.put(connection, key, arrival.request)
        elif arrival.kind == CANCEL:
            self._batcher.cancel(key)
        elif arrival.kind == AVAILABLE and arrival.available is not None:
            try:
                self._model.set_available(arrival.available)
            except ValueError as error:
                self._log.error("availability refused", error=str(error))

    def _answer(self, batch: Batch[Connection]) -> None:
        start = time.monotonic()
        try:
            rankings = self._model.rank([waiting.request for waiting in batch.live])
        except Exception:
            self._log.exception("batch failed", requests=len(batch.live))
            self._fail(batch.live)
            return
        answers: dict[Connection, list[bytes]] = {}
        for waiting, ranking in zip(batch.live, rankings, strict=True):
            ranking = replace(ranking, queue_seconds=start - waiting.arrival)
            self._queue_seconds.observe(ranking.queue_seconds)
            frame = encode_ranking(waiting.key[1], ranking)
            answers.setdefault(waiting.caller, []).append(frame)
        _send(answers)
        self._inference_seconds.observe(time.monotonic() - start)
        self._requests.observe(len(batch.live))
        self._rows.observe(sum(map(_row_count, batch.live)))

    def _fail(self, live: list[Waiting[Connection]]) -> None:
        """One request must not fail its neighbours: try each alone, once."""
        if len(live) > 1:
            for waiting in live:
                self._answer(Batch([waiting], []))
            return
        for waiting in live:
            waiting.caller.send(encode_failure(FAILED, waiting.key[1]))

    def _expire(self, expired: list[Waiting[Connection]]) -> None:
        for waiting in expired:
            waiting.caller.send(encode_failure(EXPIRED, waiting.key[1]))


def _row_count(waiting: Waiting[Connection]) -> int:
    candidates = waiting.request.candidate_rows
    return 1 if candidates is None else len(candidates)


def _send(answers: dict[Connection, list[bytes]]) -> None:
    for connection, frames in answers.items():
        connection.send(b"".join(frames))


def _load(settings: EngineSettings) -> Any:
    from recserve.server.engine.model import LoadedModel

    folder = Path(settings.folder)
    model = LoadedModel(folder, read_manifest(folder))
    model.warm_up(settings.max_batch_requests)
    return model


def _listen(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    Path(path).unlink(missing_ok=True)
    listener.bind(path)
    listener.listen(8)
    return listener


if __name__ == "__main__":
    raise SystemExit(main())
