"""The main program of an engine: `python -m recserve.server.engine.process FD SETTINGS`.

Threads: `main` runs the model; `acceptor` accepts front ends; `reader-N` reads the frames of
one front end into the queue; `control` listens to the supervisor, and ends the process with it.
"""

import json
import signal
import socket
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from recserve.server import logs
from recserve.server.control import ChildControl
from recserve.server.engine.arrays import BoolArray
from recserve.server.engine.batcher import Batcher, Waiting
from recserve.server.engine.connection import Connection
from recserve.server.engine.frames import (
    CANCEL,
    EXPIRED,
    FAILED,
    Arrival,
    encode_failure,
    encode_ranking,
)
from recserve.server.engine.tensorflow_start import start_tensorflow
from recserve.server.engine.user_inputs import UserLayout
from recserve.server.engine.warm_up import synthetic_batches
from recserve.server.feature_widths import FeatureWidths
from recserve.server.model_store import read_manifest

MAX_BATCH_ROWS = 1 << 16
"""Rows of one batch: bounds its memory and its time."""
MAX_ERROR_CHARACTERS = 2000
"""Of why a version failed to load, for people; TensorFlow's errors may be books."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the supervisor tells an engine when it starts it."""

    folder: str
    """Folder of the version, verified."""
    socket: str
    """Path of the Unix socket to answer on."""
    max_batch_requests: int
    threads: int
    """Threads of the arithmetic; 0: one for each CPU."""
    log_level: str
    log_format: str

    def to_json(self) -> str:
        """Write them for the command line."""
        return json.dumps(asdict(self))


def main() -> int:
    """Load, warm up, answer until told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides when we end
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    settings = EngineSettings(**json.loads(sys.argv[2]))
    logs.configure(process="engine", level=settings.log_level, log_format=settings.log_format)
    control = ChildControl(int(sys.argv[1]), lambda _message: None)
    control.start()
    try:
        model = _load(settings)
    except Exception as error:
        logs.get("engine").exception("version failed to load", folder=settings.folder)
        text = f"{type(error).__name__}: {error}"
        control.send(state="failed", error=text[:MAX_ERROR_CHARACTERS])
        return 1
    batcher: Batcher[Connection] = Batcher(
        max_requests=settings.max_batch_requests,
        max_rows=MAX_BATCH_ROWS,
        rows_found=model.rows_found,
        clock=time.monotonic,
    )
    engine = EngineLoop(model, batcher, Path(settings.folder).name)
    listener = _listen(settings.socket)
    threading.Thread(target=engine.accept, args=(listener,), name="acceptor", daemon=True).start()
    control.send(state="ready", items=model.item_count)
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
        requests = []
        for arrival in arrivals:
            if arrival.request is not None:
                requests.append((arrival.request_id, arrival.request))
            elif arrival.available is not None:
                self._set_available(arrival.available)
        if requests:
            self._batcher.put(connection, requests)
        for arrival in arrivals:
            if arrival.kind == CANCEL and self._batcher.cancel(connection, arrival.request_id):
                self._cancelled.inc()

    def on_end(self, connection: Connection) -> None:
        """A front end has gone: nobody waits for its answers."""
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
        for waiting, (rows, scores) in zip(live, found, strict=True):
            frame = encode_ranking(
                waiting.request_id,
                rows,
                scores,
                queue_seconds=start - waiting.arrival,
                inference_seconds=seconds,
                batch_requests=len(live),
            )
            answers.setdefault(waiting.caller, []).append(frame)
        for connection, frames in answers.items():
            connection.send(b"".join(frames))
        self._measure(live, start, seconds)

    def _measure(self, live: list[Waiting[Connection]], start: float, seconds: float) -> None:
        """After the answers are out."""
        for waiting in live:
            self._queue_seconds.observe(start - waiting.arrival)
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


def _load(settings: EngineSettings) -> Any:
    start_tensorflow(settings.threads)
    from recserve.server.engine.model import LoadedModel

    folder = Path(settings.folder)
    manifest = read_manifest(folder)
    model = LoadedModel(folder, manifest)
    layout = UserLayout(FeatureWidths.of(manifest))
    for batch in synthetic_batches(layout, model.item_count, settings.max_batch_requests):
        model.rank(batch)
    return model


def _listen(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    Path(path).unlink(missing_ok=True)
    listener.bind(path)
    listener.listen(8)
    return listener


if __name__ == "__main__":
    raise SystemExit(main())
