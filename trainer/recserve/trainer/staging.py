"""Folders that appear complete or not at all: written under a hidden name, then renamed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recserve.trainer.errors import StoreError


@contextmanager
def staged(parent: Path, prefix: str) -> Iterator[Path]:
    """A hidden folder to write in; gone at the end, unless it was renamed.

    The folder is locked by this process, so that a later run can tell one that a killed run
    left behind, and removes it.

    Args:
        parent: Where it lies; made if it is not there.
        prefix: Of its name, the same for all that may be removed.

    Raises:
        StoreError: If the parent cannot be written.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        # Under the parent's lock nobody takes a folder that is not locked yet for abandoned.
        with locked(parent):
            _remove_abandoned(parent, prefix)
            folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
            lock = _lock(folder)
    except OSError as error:
        raise StoreError(f"{parent}: cannot be written ({error})") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


@contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Holds the lock of a folder, which the system frees when the process ends.

    Raises:
        BlockingIOError: If another process holds it, and it is not to be waited for.
    """
    lock = _lock(folder, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        yield
    finally:
        os.close(lock)


def sync_tree(folder: Path) -> None:
    """Makes a folder and all in it durable."""
    for path in sorted(folder.rglob("*"), reverse=True):
        sync(path)
    sync(folder)


def sync(path: Path) -> None:
    """Makes a file, or the entries of a folder, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_abandoned(parent: Path, prefix: str) -> None:
    for folder in parent.glob(f"{prefix}*"):
        if _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path, flags: int = fcntl.LOCK_EX) -> int:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, flags)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _is_abandoned(folder: Path) -> bool:
    try:
        os.close(_lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except OSError:
        # Locked by a live run, or gone meanwhile.
        return False
    return True
