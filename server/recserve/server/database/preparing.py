"""Makes the tables in an empty database, and changes those of an older one."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, func, insert, inspect, select
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateSchema

from recserve.server.database.failures import FAILURES, domain_error, may_pass
from recserve.server.database.tables import (
    CATALOGUE_REVISION,
    COUNTERS,
    ERASURE_COUNT,
    FORMAT,
    FORMAT_VERSION,
    JOIN_COUNT,
    LAST_POSITION,
    METADATA,
    revision_of,
)
from recserve.server.errors import EventLogRefused

WAL_ATTEMPTS = 20

APPLICATION_ID = 0x72637376
"""Spells "rcsv": marks a file as ours, in its header, and names the lock of those who migrate."""


def prepare_sqlite(engine: Engine, path: Path) -> None:
    """Makes the tables that are not there, in one transaction, and turns on WAL mode.

    A database that is refused is left as it was.

    Raises:
        EventLogRefused: The file cannot be opened, is not ours, or is of a newer release.
        Overloaded: The disk is full, or another process writes for too long.
        Unavailable: The disk fails.
    """
    try:
        with engine.begin() as connection:
            found = _sqlite_format(connection, path)
            if found != FORMAT_VERSION:
                _bring_up_to_date(connection, found)
                connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.exec_driver_sql(f"PRAGMA user_version = {FORMAT_VERSION}")
        _turn_on_wal(engine, path)
    except FAILURES as error:
        if may_pass(error):
            raise domain_error(error) from error
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise EventLogRefused(f"event log {path}: {cause}") from error


def _turn_on_wal(engine: Engine, path: Path) -> None:
    connection = engine.raw_connection()
    try:
        mode = _wal_mode(connection.cursor())
    finally:
        connection.close()
    if mode != "wal":
        raise EventLogRefused(
            f"event log {path}: its file system does not support SQLite's write-ahead log; put"
            " it on a local disk"
        )


def _wal_mode(cursor: DBAPICursor) -> str:
    """Asks for WAL mode, which stays with the file; returns the mode that it has then.

    Where several processes open a new database at once, SQLite refuses at once instead of
    waiting its turn; an exclusive transaction waits, so one is put before the next try.
    """
    for _ in range(WAL_ATTEMPTS):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return str(cursor.fetchall()[0][0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
        cursor.execute("BEGIN EXCLUSIVE")
        cursor.execute("ROLLBACK")
    cursor.execute("PRAGMA journal_mode")
    return str(cursor.fetchall()[0][0])


def _sqlite_format(connection: Connection, path: Path) -> int:
    """The format of a file that is ours; 0 for one that is empty."""
    application = connection.exec_driver_sql("PRAGMA application_id").scalar()
    version = int(connection.exec_driver_sql("PRAGMA user_version").scalar() or 0)
    tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
    if application != APPLICATION_ID:
        if application or version or tables:
            raise EventLogRefused(
                f"event log {path}: an SQLite database of another program; give another file"
            )
        return 0
    return _not_newer(version, str(path))


def prepare_postgresql(connection: Connection, schema: str, name: str) -> None:
    """Makes the schema and the tables that are not there, in the connection's transaction.

    Args:
        connection: In a transaction; its search path is the schema.
        schema: Where the tables are.
        name: The database, for messages.

    Raises:
        EventLogRefused: The database is of a newer release.
    """
    if inspect(connection).has_table(FORMAT.name, schema):
        found = connection.execute(select(FORMAT.c.version_num)).scalar_one()
        if int(found) == FORMAT_VERSION:
            return
    # One at a time: servers that start together would make the same tables.
    own = func.pg_advisory_xact_lock(APPLICATION_ID, func.hashtext(schema))
    connection.execute(select(own))
    if not inspect(connection).has_schema(schema):  # who may not make it may use it
        connection.execute(CreateSchema(schema))
    found = 0
    if inspect(connection).has_table(FORMAT.name, schema):
        found = _not_newer(int(connection.execute(select(FORMAT.c.version_num)).scalar_one()), name)
    _bring_up_to_date(connection, found)


def _not_newer(version: int, name: str) -> int:
    if version > FORMAT_VERSION:
        raise EventLogRefused(
            f"event log {name}: written by a newer release (format {version}, this one reads"
            f" {FORMAT_VERSION}); upgrade recserve"
        )
    return version


def _bring_up_to_date(connection: Connection, found: int) -> None:
    if not found:
        METADATA.create_all(connection)
        names = (LAST_POSITION, CATALOGUE_REVISION, ERASURE_COUNT, JOIN_COUNT)
        connection.execute(insert(COUNTERS), [{"name": name, "value": 0} for name in names])
        connection.execute(insert(FORMAT).values(version_num=revision_of(FORMAT_VERSION)))
    elif found < FORMAT_VERSION:
        from recserve.server.database.migrations import migrate  # Alembic is seldom needed

        migrate(connection, found)
