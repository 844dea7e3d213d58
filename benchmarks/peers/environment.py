"""A virtual environment for each peer, made on demand from its pinned requirements."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.places import BIN, PEERS
from benchmarks.server import NotAvailable

OTHER_PYTHONS = ("/usr/bin/python3",)
"""Tried where this one does not do: Triton's own Python backend brings a part of CPython, and does
not run with every build of it."""

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""For products as small as these, more threads make NumPy several times slower."""


def pythons() -> Iterator[str]:
    """Pythons to make a peer's environment from, the likeliest first."""
    yield os.path.realpath(sys.executable)
    yield from filter(os.path.exists, OTHER_PYTHONS)


def environment(peer: str, base: str) -> Path:
    """The Python of a peer's environment, made from `base` unless it is there already.

    Raises:
        NotAvailable: its packages cannot be installed.
    """
    folder = PEERS / f".venv-{peer}"
    python = folder / "bin" / "python"
    if python.exists():
        return python
    requirements = PEERS / f"requirements-{peer}.txt"
    for words in (
        ("venv", "--python", base, folder),
        ("pip", "install", "--python", python, "-r", requirements),
    ):
        command = [str(BIN / "uv"), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            remove(peer)
            raise NotAvailable(f"uv {words[0]}: {done.stderr.strip().splitlines()[-1]}")
    return python


def remove(peer: str) -> None:
    """Remove an environment that does not do."""
    shutil.rmtree(PEERS / f".venv-{peer}", ignore_errors=True)


@contextmanager
def group(words: list[str], folder: Path, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process with all its descendants, none of which is left after the `with`."""
    with log.open("w") as output:
        process = subprocess.Popen(
            words,
            cwd=folder,
            stdout=output,
            stderr=output,
            env=os.environ | ONE_THREAD,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
        kill_group(process.pid)
        process.wait()


def kill_group(group_id: int) -> None:
    """Kill what is left of a group of processes."""
    try:
        os.killpg(group_id, 9)
    except ProcessLookupError:
        return
