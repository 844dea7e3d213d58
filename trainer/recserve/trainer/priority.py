"""Low priority, so that training takes the time that serving leaves."""

import os
from contextlib import suppress
from pathlib import Path

LOWEST = 19
AUTOGROUP = Path("/proc/self/autogroup")


def lower() -> None:
    """Takes the lowest priority; where the system refuses, it stays as it is."""
    with suppress(OSError):
        os.nice(LOWEST)
    # Linux may share out time among sessions first: within its own, niceness says nothing.
    # Of a session that is not ours alone, the priority is not ours to change.
    if os.getsid(0) == os.getpid():
        with suppress(OSError):
            AUTOGROUP.write_text(str(LOWEST))
