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

from recserve.server import garbage, logs
from recserve.server.control import ChildControl, Message
from recserve.server.engine.batcher import Batcher
from recserve.server.engine.confinement import confine, has_nvidia
from recserve.server.engine.connection import Connection
from recserve.server.engine.graph_check import DangerousGraph, check_graph
from recserve.server.engine.loop import EngineLoop
from recserve.server.engine.settings import EngineSettings
from recserve.server.engine.tensorflow_start import import_tensorflow, start_tensorflow
from recserve.server.engine.user_inputs import UserLayout
from recserve.server.engine.warm_up import synthetic_batches
from recserve.server.feature_widths import FeatureWidths
from recserve.server.model_store import read_manifest
from recserve.server.priority import at_low_priority

MAX_BATCH_ROWS = 1 << 16
"""Rows of one batch: bounds its memory and its time."""
MAX_ERROR_CHARACTERS = 2000
"""Of why a version failed to load, for people; TensorFlow's errors may be books."""


def main() -> int:
    """Load, warm up, answer until told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides when we end
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    settings = EngineSettings(**json.loads(sys.argv[2]))
    logs.configure(process="engine", level=settings.log_level, log_format=settings.log_format)
    with_gpu = settings.device != "cpu" and has_nvidia()
    if not confine(may_start_programs=with_gpu):
        logs.get("engine").warning("the kernel does not keep this engine from the network")
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
    except DangerousGraph as error:
        logs.get("engine").error("version is dangerous", folder=settings.folder, error=str(error))
        control.send(state="refused", error=str(error)[:MAX_ERROR_CHARACTERS])
        return 1
    except Exception as error:
        logs.get("engine").exception("engine failed to load", folder=settings.folder)
        text = f"{type(error).__name__}: {error}"
        control.send(state="failed", error=text[:MAX_ERROR_CHARACTERS])
        return 1
    batcher: Batcher[Connection] = Batcher(
        max_requests=settings.max_batch_requests,
        max_rows=MAX_BATCH_ROWS,
        rows_found=model.rows_found,
        clock=time.monotonic,
        item_count=model.item_count,
    )
    engine = EngineLoop(model, batcher, Path(settings.folder).name)
    listener = _listen(settings.socket)
    threading.Thread(target=engine.accept, args=(listener,), name="acceptor", daemon=True).start()
    garbage.settle()
    control.send(state="ready", items=model.item_count, device=device)
    engine.run()
    return 0


def _load(settings: EngineSettings) -> Any:
    from recserve.server.engine.model import LoadedModel

    folder = Path(settings.folder)
    check_graph(folder / "saved_model")
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
