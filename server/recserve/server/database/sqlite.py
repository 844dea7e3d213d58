"""One SQLite database: a connection that writes, connections that read."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL
from sqlalchemy.pool import QueuePool

from recserve.server.database.failures import FAILURES, domain_error
from recserve.server.database.file_search import is_in_file
from recserve.server.database.location import sqlite_file
from recserve.server.database.preparing import prepare_sqlite
from recserve.server.errors import Unavailable

BUSY_TIMEOUT_SECONDS = 5.0
MAX_READERS = 8
SCRUB_ATTEMPTS = 100
SCRUB_PAUSE_SECONDS = 0.2
JOURNAL_KEPT_BYTES = 64 << 20  # what a bulk import grew is given back to the disk


class SqliteDatabase:
    """A `Database` in a file that holds the event log and the catalogue.

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
        try:
            prepare_sqlite(self._writer, self.path)
        except BaseException:
            self.close()
            raise

    @property
    def is_shared(self) -> bool:
        """See `Database.is_shared`: `ServerLock` keeps a second server off."""
        return False

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """See `Database.writing`."""
        with self._write_lock:
            try:
                with self._open(self._writer).begin() as connection:
                    yield connection
            except FAILURES as error:
                self._writer.dispose()  # begin afresh when the cause is gone
                raise domain_error(error) from error

    @contextmanager
    def reading(self, *, once: bool = False) -> Iterator[Connection]:  # noqa: ARG002  # no detour
        """See `Database.reading`."""
        try:
            with self._open(self._readers).begin() as connection:
                yield connection
        except FAILURES as error:
            raise domain_error(error) from error

    def insert(self, table: Table) -> sqlite.Insert:
        """See `Database.insert`."""
        return sqlite.insert(table)

    def insert_rows(
        self,
        connection: Connection,
        table: Table,
        columns: Sequence[str],
        rows: Sequence[tuple[object, ...]],
    ) -> None:
        """See `Database.insert_rows`: SQLAlchemy would look at every value."""
        places = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608  # our own names
        connection.exec_driver_sql(statement, list(rows))

    def now(self, connection: Connection) -> float:  # noqa: ARG002  # PostgreSQL asks by it
        """See `Database.now`: one machine has one clock."""
        return time.time()

    def scrub(self, trace: str) -> None:
        """See `Database.scrub`: the write-ahead log is emptied, and perhaps the file rewritten.

        SQLite zeroes the rows that it deletes (secure_delete), but not the copies that it made
        of them when it moved rows between pages: if the trace is still there, only VACUUM
        helps, which holds writers up.
        """
        self._wait_for_empty_log()
        if is_in_file(trace.encode(), self.path):
            self._rewrite()
            self._wait_for_empty_log()

    def _rewrite(self) -> None:
        with self._write_lock:
            connection = self._open(self._writer).raw_connection()
            try:
                connection.cursor().execute("VACUUM")
            except FAILURES as error:
                raise domain_error(error) from error
            finally:
                connection.close()

    def _wait_for_empty_log(self) -> None:
        """Readers keep the log alive: wait for those who began before, not holding up writers."""
        for _ in range(SCRUB_ATTEMPTS):
            if self._empty_log():
                return
            time.sleep(SCRUB_PAUSE_SECONDS)
        raise Unavailable(
            "the rows are deleted, but somebody, such as a training's export, still reads the"
            " event log as it was before; repeat the call",
            reason="READERS_LEFT",
        )

    def _empty_log(self) -> bool:
        with self._write_lock:
            connection = self._open(self._writer).raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("PRAGMA busy_timeout = 50")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                (is_busy, *_) = cursor.fetchall()[0]
                milliseconds = int(self._busy_timeout_seconds * 1000)
                cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
            except FAILURES as error:
                raise domain_error(error) from error
            finally:
                connection.close()
        return not is_busy

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

    def watch(self, on_change: Callable[[], None]) -> None:
        """See `Database.watch`: SQLite tells no other process of a commit."""

    def close(self) -> None:
        """See `Database.close`."""
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
    connection.execute("PRAGMA secure_delete = ON").close()
    connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_KEPT_BYTES}").close()
