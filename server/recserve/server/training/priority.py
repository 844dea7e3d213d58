"""The priority of work that must not slow down serving."""

import contextlib
import os
from pathlib import Path

LEAST = 19
_OF_SESSION = Path("/proc/self/autogroup")


def lower_priority() -> None:
    """Let every other process go first.

    Linux may share the processors between sessions before it looks at a process's own priority,
    and each child of the supervisor has a session of its own, so that has to be lowered too.
    """
    with contextlib.suppress(OSError):
        os.nice(LEAST)
    with contextlib.suppress(OSError):
        _OF_SESSION.write_text(str(LEAST))
