"""The private folder of a running server: sockets of engines, values of metrics."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from recserve.server.errors import ConfigurationError

PREFIX = "recserve-run-"
LOCK = "lock"
MAX_SOCKET_BYTES = 103
"""Longest path of a Unix socket; Linux takes four bytes more."""
_LONGEST_SOCKET = "engine-999999-9999.sock"


@contextmanager
def runtime_folder() -> Iterator[Path]:
    """Make a folder that only this user can enter, and remove it at the end.

    What a killed server left behind is removed too: a folder of ours whose lock nobody holds. The
    kernel lets go of a lock when its process ends, however it ends.

    Raises:
        ConfigurationError: there is no room for it, or its path is too long for sockets.
    """
    parent = Path(tempfile.gettempdir())
    for left in parent.glob(f"{PREFIX}*"):
        _remove_if_abandoned(left)
    try:
        folder, lock = _make(parent)
    except OSError as error:
        raise ConfigurationError(
            f"cannot make a folder in {parent}: {error.strerror}; set TMPDIR to another place"
        ) from error
    with lock:
        try:
            _check_length(folder)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _make(parent: Path) -> tuple[Path, IO[str]]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        lock = (folder / LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.fstat(lock.fileno()).st_nlink:
            return folder, lock
        lock.close()  # a server that starts just now locked it first, and took it for abandoned


def _remove_if_abandoned(folder: Path) -> None:
    """Remove a folder that is ours and that no server holds.

    One without a lock is just being made. The lock is held until all is gone, so that a server
    that is about to take it sees that it is too late.
    """
    try:
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return
        with (folder / LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return


def _check_length(folder: Path) -> None:
    if len(os.fsencode(folder / _LONGEST_SOCKET)) > MAX_SOCKET_BYTES:
        raise ConfigurationError(
            f"{folder.parent} is too long a path for the sockets of engines; set TMPDIR to a "
            "shorter one, such as /tmp"
        )
