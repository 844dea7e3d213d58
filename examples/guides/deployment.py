"""A deployment in a folder of its own, run by the real commands: what the guides have in common."""

import argparse
import csv
import json
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from recserve.client import Client

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BIN = Path(sys.executable).parent
START_SECONDS = 120.0
CALL_SECONDS = 30.0
"""Longer than a service would wait, so that a guide also ends well on a busy machine."""


class Deployment:
    """A dataset, a model store and an event log in one folder, which is emptied first.

    Args:
        name: Of the guide; its schema is `NAME.toml` beside this file.
        epochs: Most passes of a training, unless the command line says otherwise.
    """

    def __init__(self, name: str, *, epochs: int = 5) -> None:
        parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
        parser.add_argument("--folder", type=Path, default=ROOT / ".demo" / "guides" / name)
        parser.add_argument("--epochs", type=int, default=epochs, help="Most passes of a training.")
        options = parser.parse_args()
        self.folder: Path = options.folder.resolve()
        self.epochs: int = options.epochs
        self.dataset = self.folder / "dataset"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.dataset.mkdir(parents=True)
        self.schema = HERE / f"{name}.toml"
        self.address = ""

    def write(self, file: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write a CSV file of the dataset."""
        with (self.dataset / file).open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows([columns, *rows])

    def run(self, line: str) -> None:
        """Run one of the commands in the folder, showing it; give up if it fails."""
        print(f"\n$ {line}", flush=True)
        command, *words = shlex.split(line)
        done = subprocess.run([BIN / command, *words], cwd=self.folder, check=False)
        if done.returncode:
            raise SystemExit(f"{command} failed with status {done.returncode}")

    def wait_for_the_model(self) -> None:
        """Return when the engine of the stable version is warm; until then popularity answers."""
        wait = f"status --wait {START_SECONDS:.0f} --service recserve.model"
        self.run(f"recserve --server {self.address} {wait}")

    @contextmanager
    def serve(self, options: str = "", *, trained: bool = True) -> Iterator[Client]:
        """Run `recserve-server serve` on free ports while the `with` lasts; give a client.

        Args:
            options: Further options of the command.
            trained: Whether a version is in the store, whose engine is to be waited for.
        """
        line = f"recserve-server serve --no-spare-engine {options}".rstrip()
        print(f"\n$ {line}", flush=True)
        command, *words = shlex.split(line)
        words += ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--log-format", "json"]
        log = self.folder / "server.log"
        with log.open("w") as errors:
            process = subprocess.Popen([BIN / command, *words], cwd=self.folder, stderr=errors)
        try:
            self.address = _address(log, process)
            if trained:
                self.wait_for_the_model()
            with Client(self.address) as client:
                yield client
        finally:
            process.terminate()
            process.wait(timeout=60)


def _address(log: Path, process: "subprocess.Popen[bytes]") -> str:
    """Read where the server listens from the line `listening` of its log."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_text().splitlines():
            if line.startswith("{") and '"listening"' in line:
                return str(json.loads(line)["address"])
        time.sleep(0.1)
    raise SystemExit(f"the server did not start:\n{log.read_text()}")


def shows(what: str, *, holds: bool) -> None:
    """Print what a guide shows; give up with status 1 if it does not hold."""
    print(f"{'ok' if holds else 'FAILED'}: {what}", flush=True)
    if not holds:
        raise SystemExit(1)
