"""The private folder of a running server: sockets of engines, values of metrics."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "recserve-"


@contextmanager
def runtime_folder() -> Iterator[Path]:
    """Make a folder that only this user can enter, and remove it at the end.

    What a killed server left behind is removed too.
    """
    parent = Path(tempfile.gettempdir())
    for left in parent.glob(f"{PREFIX}*"):
        if _is_abandoned(left):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    owner = folder.name.removeprefix(PREFIX).partition("-")[0]
    try:
        if not owner.isdecimal() or folder.lstat().st_uid != os.getuid():
            return False
        os.kill(int(owner), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):  # not ours to judge, or a number that is no process id
        return False
    return False
