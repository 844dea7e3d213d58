"""Disks that a test can fill: a file system of its own, and a quota, which needs no rights."""

import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Protocol

SIZE_BYTES = 64 << 20
SPARE_BYTES = 64 << 10


@cache
def why_no_mount() -> str:
    """Why this process may not mount a file system; empty if it may."""
    with tempfile.TemporaryDirectory() as folder:
        failed = _mount(Path(folder))
        if not failed:
            subprocess.run(["umount", folder], check=True)  # noqa: S607  # found as a shell would
        return failed


class Disk(Protocol):
    """Where a test has a folder."""

    def fill(self) -> None:
        """Leave next to no room."""

    def empty(self) -> None:
        """Give plenty of room again, while those who write go on."""


class SmallFileSystem:
    """A tmpfs, on which writes fail with ENOSPC as on any disk that is full."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """See `Disk.fill`."""
        # Until there is no room: others are writing meanwhile.
        with suppress(OSError), self._ballast.open("wb", buffering=0) as file:
            while file.write(bytes(SPARE_BYTES)):
                pass

    def empty(self) -> None:
        """See `Disk.empty`."""
        self._ballast.unlink()


class Quota:
    """A limit on the length of the files that processes write, on any file system.

    Args:
        processes: Returns those that write.
        folder: Holds the files.
    """

    def __init__(self, processes: Callable[[], list[int]], folder: Path) -> None:
        self._processes = processes
        self._folder = folder

    def fill(self) -> None:
        """See `Disk.fill`."""
        longest = max(each.stat().st_size for each in self._folder.iterdir())
        self._limit(longest + SPARE_BYTES)

    def empty(self) -> None:
        """See `Disk.empty`."""
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        for pid in self._processes():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextmanager
def small_file_system(folder: Path) -> Iterator[SmallFileSystem]:
    """A folder becomes a file system of its own, while the `with` lasts."""
    folder.mkdir(exist_ok=True)
    failed = _mount(folder)
    assert not failed, failed
    try:
        yield SmallFileSystem(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)  # noqa: S607  # as above


def _mount(folder: Path) -> str:
    words = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES},mode=0777", "tmpfs", str(folder)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "there is no mount"
    return done.stderr.strip() if done.returncode else ""
