"""The lock that keeps two servers off one file."""

import fcntl
import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Self

from recserve.server.database.location import is_postgresql, sqlite_file
from recserve.server.errors import EventLogInUse, EventLogRefused


def held(url: str) -> AbstractContextManager[object]:
    """Hold the event log of a URL against other servers, while the `with` lasts.

    PostgreSQL's are shared, so there is nothing to hold.

    Raises:
        EventLogRefused: The URL is bad, or the lock file cannot be made.
        EventLogInUse: Another server holds it.
    """
    return nullcontext() if is_postgresql(url) else ServerLock(url)


class ServerLock:
    """Held by the server that serves from an event log: `flock` on `DATABASE.lock`.

    The kernel lets go of it when the process ends, however it ends. The file stays: removing
    it would race with the next server. `recserve-server import` does not take the lock.

    Args:
        url: The event log's URL.

    Raises:
        EventLogRefused: The URL is bad, or the lock file cannot be made.
    """

    def __init__(self, url: str) -> None:
        self._path = Path(f"{sqlite_file(url)}.lock")
        self._descriptor = -1

    def acquire(self) -> None:
        """Takes the lock, at once or not at all.

        Raises:
            EventLogInUse: Another server holds it.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise EventLogRefused(f"{self._path}: cannot be made: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise EventLogInUse(
                f"another server (process {holder}) holds {self._path}; stop it, or give this"
                " one its own --events",
                metadata={"process": holder},
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Lets go of the lock. Calling it again does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()
