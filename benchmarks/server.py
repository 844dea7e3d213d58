"""Servers under load: started, found, and stopped with the `with` that they are in."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.metrics_page import Counters, read_counters
from benchmarks.places import BIN, ROOT
from benchmarks.program import program

PATIENCE_SECONDS = 120.0
SPARE_SECONDS = 30.0
"""For the spare engine: its start takes seconds of a core, once, and is no part of a call."""


class NotAvailable(Exception):
    """Something to be measured is not to be had here; the message says why."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    address: str
    pid: int
    metrics_page: str = ""
    """URL of the product's metrics; empty for others."""

    def counters(self, method: str) -> Counters:
        """What the product has counted of a method."""
        return read_counters(self.metrics_page, method)


@contextmanager
def floor(transport: str) -> Iterator[Server]:
    """An empty handler on a transport.

    Raises:
        NotAvailable: the transport's package is not installed.
    """
    with program("benchmarks.floor", transport) as process:
        address = process.read_line()
        if not address:
            raise NotAvailable(f"an empty handler on {transport}: {process.last_words()}")
        yield Server(address, process.pid)


@contextmanager
def product(store: Path, events: str, *options: object) -> Iterator[Server]:
    """`recserve-server serve`, warm.

    Args:
        store: The model store. Give each server one of its own, and its own events.
        events: URL of the event log.
        options: Further options, such as `"--transport", "native"`.

    Raises:
        NotAvailable: it refuses to start with these options.
    """
    words = [BIN / "recserve-server", "serve", "--store", store, "--events", events]
    words += ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--log-format", "json"]
    log = store.parent / f"server-{time.monotonic_ns()}.log"
    with log.open("w") as errors:
        process = subprocess.Popen([str(word) for word in (*words, *options)], stderr=errors)
    try:
        listening = _wait_for(log, process, "listening")
        address = str(listening["address"])
        warm = ("status", "--wait", 120, "--service", "recserve.model")
        command("recserve", "--server", address, *warm)
        with suppress(NotAvailable):  # where others keep the cores busy, it may take minutes
            _wait_for(log, process, "spare engine ready", SPARE_SECONDS)
        yield Server(address, process.pid, str(listening["metrics"]))
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)


def command(name: str, *arguments: object) -> None:
    """Run one of the project's commands to its end, quietly."""
    words = [str(BIN / name), *map(str, arguments)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")


def _wait_for(
    log: Path,
    process: "subprocess.Popen[bytes]",
    event: str,
    patience_seconds: float = PATIENCE_SECONDS,
) -> dict[str, object]:
    """The first line of the log that tells of an event."""
    deadline = time.monotonic() + patience_seconds
    while process.poll() is None and time.monotonic() < deadline:
        for line in log.read_text().splitlines():
            if line.startswith("{") and (fields := json.loads(line))["event"] == event:
                return dict(fields)
        time.sleep(0.05)  # another process brings it about, and has no way to tell
    lines = log.read_text().strip().splitlines() or ["no line in its log"]
    raise NotAvailable(f"recserve-server did not start: {lines[-1]}")


def outcome(module: str, *arguments: object) -> dict[str, Any]:
    """Run a module of `benchmarks` to its end; return the JSON that its last line is.

    Raises:
        NotAvailable: it failed.
    """
    words = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotAvailable(f"{module}: {done.stderr[-400:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
