"""A real server, started as a user would start it, and looked at from outside."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recserve.client import Client, Health

BIN = Path(sys.executable).parent
PATIENCE_SECONDS = 60.0


def run(command: str, *arguments: object, cwd: Path, status: int = 0) -> str:
    """Run one of the project's commands to its end; return what it printed, stderr last."""
    words = [str(BIN / command), *map(str, arguments)]
    # Readline puts the width of a terminal into the environment, where there is none.
    done = subprocess.run(
        words,
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name != "COLUMNS"},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == status, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def eventually(holds: Callable[[], Any], what: str) -> Any:
    """Wait for something that another process brings about; it has no way to tell us."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (value := holds()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:.0f} s: {what}"
        time.sleep(0.02)
    return value


class ServerProcess:
    """`recserve-server serve` in a folder of its own.

    Args:
        folder: Where it runs.
        options: Further options.
        under: Words of a command that starts it.
    """

    def __init__(self, folder: Path, *options: object, under: Sequence[object] = ()) -> None:
        self.folder = folder
        self._has_spare = "--spare-engine" in options
        self._words = [*under, BIN / "recserve-server", "serve", "--listen", "127.0.0.1:0"]
        self._words += ["--metrics", "127.0.0.1:0", "--log-format", "json"]
        self._words += ["--no-spare-engine", *options]  # each costs seconds of a processor
        self.start()

    def start(self, *options: object) -> None:
        """Start it, again if it was killed; among options of one name the last one holds."""
        self.log_file = self.folder / f"server-{time.monotonic_ns()}.log"
        words = list(map(str, (*self._words, *options)))
        with self.log_file.open("w") as log:
            self.process = subprocess.Popen(
                words, cwd=self.folder, stdin=subprocess.DEVNULL, stderr=log
            )

    @property
    def log(self) -> list[dict[str, Any]]:
        """The lines of the log so far."""
        lines = self.log_file.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def said(self, event: str) -> list[dict[str, Any]]:
        """The lines of the log with this event."""
        return [line for line in self.log if line["event"] == event]

    def wait_until_listening(self) -> str:
        """Return the address once it listens."""
        lines = eventually(lambda: self.said("listening") or self.process.poll(), "listening")
        assert isinstance(lines, list), self.log_file.read_text()
        return str(lines[-1]["address"])

    @property
    def address(self) -> str:
        """Where it listens."""
        return self.wait_until_listening()

    def wait_until_warm(self) -> None:
        """Return once the stable version's engine answers."""
        with Client(self.address) as client:
            eventually(lambda: client.health("recserve.model") is Health.SERVING, "warm")

    def children(self) -> dict[str, int]:
        """Process ids of running children: front_end, engine, spare, training or trainer."""
        listing = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        loaded = {line["pid"] for line in self.said("engine starting")}
        names = {int(pid): _module(int(pid)) for pid in listing.split()}
        return {
            "spare" if self._has_spare and name == "engine" and pid not in loaded else name: pid
            for pid, name in names.items()
            if name
        }

    def metrics(self) -> dict[str, float]:
        """Every sample of the metrics page."""
        page = self.said("listening")[-1]["metrics"]
        with urllib.request.urlopen(page, timeout=10) as response:  # noqa: S310  # ours
            lines = response.read().decode().splitlines()
        samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    def kill(self) -> None:
        """Kill the supervisor, as the kernel or an operator might."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to stop; return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_SECONDS)


@contextmanager
def serving(
    folder: Path, *options: object, under: Sequence[object] = ()
) -> Iterator[ServerProcess]:
    """A server while the `with` lasts; whatever happens, no process of it is left."""
    server = ServerProcess(folder, *options, under=under)
    children: dict[str, int] = {}
    try:
        server.wait_until_listening()
        yield server
    finally:
        if server.process.poll() is None:
            children = server.children()
            try:
                server.stop()
            finally:
                server.kill()
        for name, pid in children.items():
            eventually(lambda pid=pid: not is_running(pid), f"the end of the {name}")


def is_running(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def kill_child(pid: int) -> None:
    """Kill a child of a server."""
    os.kill(pid, signal.SIGKILL)


def _module(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    names = [word.split(".") for word in words if word.startswith("recserve.")]
    if not names:
        return ""
    return "trainer" if names[0][1] == "trainer" else names[0][2]
