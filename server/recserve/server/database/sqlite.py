"""One SQLite database: a connection that writes, connections that read."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from recserve.server.database.creation import prepare
from recserve.server.database.failures import FAILURES, domain_error
from recserve.server.database.location import sqlite_file
from recserve.server.errors import Unavailable

BUSY_TIMEOUT_SECONDS = 5.0
MAX_READERS = 8
JOURNAL_KEPT_BYTES = 64 << 20  # what a bulk import grew is given back to the disk


class Database:
    """The file that holds the event log and the catalogue.

    In WAL mode readers and the writer do not wait for one another; across processes there
    is one writer at a time. A commit is on the disk when it returns (synchronous=FULL).

    `_write_lock` guards the writing connection, so that threads of this process queue up
    here, fairly, and not in SQLite's busy handler. `_version_lock` guards the connection
    that `data_version` compares by.

    Args:
        url: `sqlite:///PATH`; the file is made if it is not there.
        busy_timeout_seconds: How long to wait for another process that writes.

    Raises:
        EventLogRefused: It cannot be opened, is not one of ours, or is of a newer release.
        Overloaded: The disk is full, or another process writes for too long.
        Unavailable: The disk fails.
    """

    def __init__(self, url: str, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> None:
        self.path = sqlite_file(url)
        self._busy_timeout_seconds = busy_timeout_seconds
        self._writer = self._engine("BEGIN IMMEDIATE", connections=1)
        self._readers = self._engine("BEGIN", connections=MAX_READERS)
        self._write_lock = threading.Lock()
        self._version_lock = threading.Lock()
        self._version_connection: sqlite3.Connection | None = None
        self._closed = False
        prepare(self._writer, self.path)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Runs the body in a transaction that no other writer shares; commits at its end.

        Raises:
            Overloaded: The disk is full, or another process writes for too long.
            Unavailable: The database fails, or is closed.
        """
        with self._write_lock:
            try:
                with self._open(self._writer).begin() as connection:
                    yield connection
            except FAILURES as error:
                self._writer.dispose()  # begin afresh when the cause is gone
                raise domain_error(error) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Runs the body on one snapshot of the database.

        Raises:
            Unavailable: The database fails, or is closed.
        """
        try:
            with self._open(self._readers).begin() as connection:
                yield connection
        except FAILURES as error:
            raise domain_error(error) from error

    def data_version(self) -> int:
        """Returns SQLite's `data_version` as one connection of its own sees it."""
        with self._version_lock:
            try:
                connection = self._version_connection or self._connect_for_version()
                self._version_connection = connection
                (version,) = connection.execute("PRAGMA data_version").fetchone()
            except FAILURES as error:
                raise domain_error(error) from error
        return int(version)

    def close(self) -> None:
        """Closes every connection. Calling it again does nothing."""
        with self._write_lock, self._version_lock:
            self._closed = True
            if self._version_connection is not None:
                self._version_connection.close()
                self._version_connection = None
            self._readers.dispose()
            self._writer.dispose()

    def _connect_for_version(self) -> sqlite3.Connection:
        self._open(self._readers)
        return sqlite3.connect(
            self.path, timeout=self._busy_timeout_seconds, check_same_thread=False
        )

    def _open(self, engine: Engine) -> Engine:
        if self._closed:
            raise Unavailable("the event log is closed", reason="EVENT_LOG_UNAVAILABLE")
        return engine

    def _engine(self, begin: str, *, connections: int) -> Engine:
        engine = create_engine(
            URL.create("sqlite", database=str(self.path)),
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=0,
            # A connection moves between threads, but is used by one at a time.
            connect_args={"check_same_thread": False, "timeout": self._busy_timeout_seconds},
        )
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
        return engine


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say, not where sqlite3 does
    connection.execute("PRAGMA synchronous = FULL").close()
    connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_KEPT_BYTES}").close()
