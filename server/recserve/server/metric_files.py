"""The files that hold the metrics of one process, which the supervisor's page adds up.

They are memory-mapped, and a write to a page for which the disk has no room any more kills the
process (SIGBUS). So each process takes the room when it starts; where there is none, it does
without metrics rather than without service.
"""

import os
import sys
from pathlib import Path

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable that prometheus_client reads once, when it is imported."""
RESERVED_BYTES = 256 << 10
"""Of each file: several times what all series of a process take."""
_KINDS = ("counter", "histogram", "gauge_livesum")
_USED_BYTES = 4  # the head of a file, in native byte order, says how much of it is used


def reserve() -> str:
    """Take the room for this process; return what went wrong, if anything did."""
    folder = os.environ.get(FOLDER)
    if folder is None:
        return ""
    paths = [Path(folder) / f"{kind}_{os.getpid()}.db" for kind in _KINDS]
    try:
        for path in paths:
            _reserve(path)
    except OSError as error:
        for path in paths:
            path.unlink(missing_ok=True)
        del os.environ[FOLDER]
        return f"no room for the metrics of this process in {folder}: {error.strerror}"
    return ""


def give_back(folder: Path, pid: int) -> None:
    """Cut the files of a process that has ended to what they hold."""
    for kind in _KINDS:
        path = folder / f"{kind}_{pid}.db"
        if path.exists():
            with path.open("r+b") as file:
                head = file.read(_USED_BYTES)
                if len(head) == _USED_BYTES:
                    file.truncate(max(int.from_bytes(head, sys.byteorder), 2 * _USED_BYTES))


def _reserve(path: Path) -> None:
    with path.open("ab") as file:
        if hasattr(os, "posix_fallocate"):  # macOS has none
            os.posix_fallocate(file.fileno(), 0, RESERVED_BYTES)
