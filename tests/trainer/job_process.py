"""A training job as a server's supervisor sees it: a process and a line."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from google.protobuf import json_format

from recserve.v1 import training_pb2

HANG_SECONDS = 240


class JobProcess:
    """Starts a job; as a context manager it leaves no process behind."""

    def __init__(self, path: Path, store: Path, **changed: Any) -> None:
        job = {
            "path": str(path),
            "store": str(store),
            "model": "default",
            "mode": "full",
            "base": None,
            "hyper_parameters": {},
            "training_run": "models/default/trainingRuns/r1",
            "promotion": "if-better",
            "log_position": 0,
            "stable": None,
        }
        self.line, theirs = socket.socketpair()
        self.line.settimeout(HANG_SECONDS)
        with theirs:
            program = [sys.executable, "-P", "-m", "recserve.trainer.job"]
            self.process = subprocess.Popen(
                [*program, str(theirs.fileno()), json.dumps(job | changed)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        self._lines = self.line.makefile("rb")
        self.notes: list[dict[str, str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        self.let_go()

    def let_go(self) -> None:
        """Ends the line, as a supervisor that dies or cancels does."""
        self._lines.close()
        self.line.close()

    def messages(self) -> Iterator[dict[str, Any]]:
        """What it sends, until it ends; notes for the log are put aside."""
        for line in self._lines:
            message = json.loads(line)
            if "note" in message:
                self.notes.append(message["note"])
            else:
                yield message

    def until_stage(self, name: str, step: int = 0) -> None:
        """Waits until a stage has come so far."""
        for message in self.messages():
            progress = parsed(message)
            if progress.stage == name and progress.step >= step:
                return
        raise AssertionError(f"it ended before {name}: {self.process.communicate()}")

    def ended(self) -> tuple[list[training_pb2.TrainingProgress], dict[str, Any], int]:
        """All progress, the last message, and the exit status."""
        *told, last = self.messages()
        status = self.process.wait(HANG_SECONDS)
        return [parsed(message) for message in told], last, status


def parsed(message: dict[str, Any]) -> training_pb2.TrainingProgress:
    """The progress of a message."""
    assert list(message) == ["progress"]
    return json_format.ParseDict(message["progress"], training_pb2.TrainingProgress())
