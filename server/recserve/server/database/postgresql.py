"""One PostgreSQL database, which several servers may share."""

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, Table, bindparam, create_engine, event, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from recserve.server.database.failures import FAILURES, domain_error
from recserve.server.database.location import postgresql_location
from recserve.server.database.notifications import Notifications
from recserve.server.database.preparing import prepare_postgresql
from recserve.server.database.tables import COUNTERS, LAST_POSITION, METADATA
from recserve.server.errors import EventLogRefused, Unavailable

BUSY_TIMEOUT_SECONDS = 5.0
MAX_READERS = 8
CONNECT_SECONDS = 5
_CONNECTION: dict[str, Any] = {
    "client_encoding": "utf8",  # of a database in SQL_ASCII, texts would come as bytes
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""The others: how soon libpq notices that the other side has gone, in seconds, the last in
milliseconds."""
_LOST_SERVER = {
    "tcp_keepalives_idle": 5,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 3,
    "idle_in_transaction_session_timeout": 60_000,
}
"""How soon PostgreSQL notices that we have gone, in the same units: the system's default of two
hours would be the length of a turn."""

_TURN = select(COUNTERS.c.value).where(COUNTERS.c.name == LAST_POSITION).with_for_update()
"""Writers queue up for this row until they commit, so positions are in commit order."""
_TELL = select(func.pg_notify(bindparam("channel"), bindparam("own")))
_VERSION = select(func.sum(COUNTERS.c.value))


class PostgresqlDatabase:
    """A `Database` on a PostgreSQL server.

    Writers of all servers take turns (`_TURN`), as in SQLite. A commit is durable when it
    returns (synchronous_commit is on, whatever the server's default), and notifies the other
    servers.

    `_write_lock` guards the writing connection, so that threads of this process queue up here.

    Args:
        url: `postgresql://USER:PASSWORD@HOST/DATABASE?schema=NAME`; the schema and the tables
            are made if they are not there.
        busy_timeout_seconds: How long to wait for another server that writes.

    Raises:
        EventLogRefused: The URL is bad, a package is missing, or the tables are of a newer
            release.
        Unavailable: The server cannot be reached, or refuses.
    """

    def __init__(self, url: str, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> None:
        self._location, self._schema = postgresql_location(url)
        self._busy_milliseconds = int(busy_timeout_seconds * 1000)
        self._writer = self._engine(1, "READ COMMITTED")  # a lock that waited reads the newest
        self._readers = self._engine(MAX_READERS, "REPEATABLE READ")
        self._peekers = self._readers.execution_options(isolation_level="AUTOCOMMIT")
        """The same connections, without the round trips of a transaction."""
        self._write_lock = threading.Lock()
        self._closed = False
        self._own = secrets.token_hex(8)
        """Tells this process's notifications from those of others."""
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    @property
    def is_shared(self) -> bool:
        """See `Database.is_shared`."""
        return True

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """See `Database.writing`."""
        with self._write_lock:
            try:
                with self._open(self._writer).begin() as connection:
                    connection.execute(_TURN)
                    yield connection
                    connection.execute(_TELL, {"channel": self._channel, "own": self._own})
            except FAILURES as error:
                raise domain_error(error) from error

    @contextmanager
    def reading(self, *, once: bool = False) -> Iterator[Connection]:
        """See `Database.reading`."""
        try:
            with self._open(self._peekers if once else self._readers).begin() as connection:
                yield connection
        except FAILURES as error:
            raise domain_error(error) from error

    def insert(self, table: Table) -> postgresql.Insert:
        """See `Database.insert`."""
        return postgresql.insert(table)

    def insert_rows(
        self,
        connection: Connection,
        table: Table,
        columns: Sequence[str],
        rows: Sequence[tuple[object, ...]],
    ) -> None:
        """See `Database.insert_rows`: COPY takes a third of the time of INSERT."""
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
        driver: Any = connection.connection.driver_connection
        try:
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        except psycopg.Error as error:
            raise DBAPIError(None, None, error) from error

    def now(self, connection: Connection) -> float:
        """See `Database.now`."""
        now = func.extract("epoch", func.clock_timestamp())
        return float(connection.execute(select(now)).scalar_one())

    def scrub(self, trace: str) -> None:  # noqa: ARG002  # SQLite looks for it
        """See `Database.scrub`: deleted rows leave the tables and their indexes.

        The bytes of a page stay until it is written over, and so do the write-ahead log and
        backups, which are the operator's.
        """
        tables = ", ".join(METADATA.tables)
        try:
            with self._connect() as connection:
                connection.execute(f"SET search_path = {self._schema}".encode())
                connection.execute(f"VACUUM (INDEX_CLEANUP ON) {tables}".encode())
        except psycopg.Error as error:
            raise domain_error(error) from error

    def data_version(self) -> int:
        """See `Database.data_version`: the sum of counters that only grow."""
        with self.reading(once=True) as connection:
            return int(connection.execute(_VERSION).scalar_one())

    def watch(self, on_change: Callable[[], None]) -> Notifications:
        """See `Database.watch`."""
        return Notifications(self._connect, self._channel, self._own, on_change)

    def close(self) -> None:
        """See `Database.close`."""
        with self._write_lock:
            self._closed = True
            self._readers.dispose()
            self._writer.dispose()

    @property
    def _channel(self) -> str:
        return f"recserve.{self._schema}"[:63]  # PostgreSQL's longest name

    def _prepare(self) -> None:
        name = self._location.render_as_string()
        try:
            with self._writer.begin() as connection:
                prepare_postgresql(connection, self._schema, name)
        except OperationalError as error:
            raise Unavailable(
                f"event log {name}: {error.orig}", reason="EVENT_LOG_UNAVAILABLE"
            ) from error
        except FAILURES as error:  # a right that is missing, tables of another program
            cause = error.orig if isinstance(error, DBAPIError) else error
            raise EventLogRefused(f"event log {name}: {cause}") from error

    def _engine(self, connections: int, isolation: IsolationLevel) -> Engine:
        settings = {
            "search_path": self._schema,
            "synchronous_commit": "on",
            "lock_timeout": self._busy_milliseconds,
            # A plan that was made for an empty table is kept while the table grows.
            "enable_seqscan": "off",
            # The price of a scan where scans are off makes the planner compile the smallest
            # query, which takes a tenth of a second.
            "jit": "off",
            "default_transaction_read_only": "off" if isolation == "READ COMMITTED" else "on",
        }
        if isolation == "READ COMMITTED":
            settings |= _LOST_SERVER
        given = self._location.query.get("options", "")  # ours come last, and hold
        options = " ".join(
            [str(given), *(f"-c {name}={value}" for name, value in settings.items())]
        )
        engine = create_engine(
            self._location,
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=True,  # a restarted server costs no caller an error
            isolation_level=isolation,
            connect_args={**_CONNECTION, "options": options, "application_name": "recserve"},
        )
        event.listen(engine, "checkin", self._on_checkin)
        return engine

    def _on_checkin(self, _: object, record: ConnectionPoolEntry) -> None:
        """A connection comes back from a thread that was at work when the database was closed."""
        if self._closed:
            record.invalidate()

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection of psycopg's own, for notifications."""
        _, parameters = self._writer.dialect.create_connect_args(self._location)
        return psycopg.connect(**_CONNECTION, **parameters, autocommit=True)

    def _open(self, engine: Engine) -> Engine:
        if self._closed:
            raise Unavailable("the event log is closed", reason="EVENT_LOG_UNAVAILABLE")
        return engine
