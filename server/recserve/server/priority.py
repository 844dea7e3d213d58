"""The priority of work that must not slow down serving."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LEAST = 19
NORMAL = 0
_OF_SESSION = Path("/proc/self/autogroup")
_TRIES = 100
_PAUSE_SECONDS = 0.1


def lower_priority() -> None:
    """Let every other process go first.

    Linux may share the processors between sessions before it looks at a process's own priority,
    and each child of the supervisor has a session of its own, so that has to be lowered too.
    A session that others have a part in, such as that of a shell, is left as it is.
    """
    with contextlib.suppress(OSError):
        os.nice(LEAST)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            _OF_SESSION.write_text(str(LEAST))


def at_low_priority(work: Callable[[], None]) -> None:
    """Do something for which every other process goes first, and be as quick as ever afterwards.

    Without privileges a process cannot raise the priority that it has lowered, and a thread hands
    its own down to those that it starts. So the work has a thread to itself, which ends with it,
    and must start none that stay. Where threads have no priority of their own, only that of the
    session is lowered.

    Raises:
        OSError: the session cannot get its priority back.
    """
    failures: list[BaseException] = []

    def run() -> None:
        if sys.platform == "linux":  # elsewhere it would be the whole process
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LEAST)
        try:
            work()
        except BaseException as error:  # whatever it is, the caller gets it
            failures.append(error)

    thread = threading.Thread(target=run, name="low-priority")
    with _session_lowered():
        thread.start()
        thread.join()
    if failures:
        raise failures[0]


@contextmanager
def _session_lowered() -> Iterator[None]:
    try:
        _OF_SESSION.write_text(str(LEAST))
    except OSError:  # sessions are not grouped here
        yield
        return
    try:
        yield
    finally:
        _raise_session()


def _raise_session() -> None:
    """Of all processes without privileges, the kernel lets one in a tenth of a second do this."""
    for _ in range(_TRIES - 1):
        try:
            _OF_SESSION.write_text(str(NORMAL))
        except BlockingIOError:
            time.sleep(_PAUSE_SECONDS)
        else:
            return
    _OF_SESSION.write_text(str(NORMAL))
