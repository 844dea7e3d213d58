"""Makes the tables in an empty database, and those that an older one lacks."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, insert
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError

from recserve.server.database.failures import FAILURES, domain_error, may_pass
from recserve.server.database.tables import (
    CATALOGUE_REVISION,
    COUNTERS,
    FORMAT_VERSION,
    LAST_POSITION,
    METADATA,
)
from recserve.server.errors import EventLogRefused

WAL_ATTEMPTS = 20

APPLICATION_ID = 0x72637376  # "rcsv": marks the file as ours, in its header


def prepare(engine: Engine, path: Path) -> None:
    """Makes the tables that are not there, in one transaction, and turns on WAL mode.

    A database that is refused is left as it was.

    Raises:
        EventLogRefused: The file cannot be opened, is not ours, or is of a newer release.
        Overloaded: The disk is full, or another process writes for too long.
        Unavailable: The disk fails.
    """
    try:
        with engine.begin() as connection:
            found = _format_of(connection, path)
            if not found:
                _create(connection)
            elif found < FORMAT_VERSION:
                _migrate(connection)
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


def _format_of(connection: Connection, path: Path) -> int:
    """The format of a database that is ours; 0 for one that is empty."""
    application = connection.exec_driver_sql("PRAGMA application_id").scalar()
    version = int(connection.exec_driver_sql("PRAGMA user_version").scalar() or 0)
    tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
    if application != APPLICATION_ID:
        if application or version or tables:
            raise EventLogRefused(
                f"event log {path}: an SQLite database of another program; give another file"
            )
        return 0
    if version > FORMAT_VERSION:
        raise EventLogRefused(
            f"event log {path}: written by a newer release (format {version}, this one reads"
            f" {FORMAT_VERSION}); upgrade recserve"
        )
    return version


def _migrate(connection: Connection) -> None:
    """Format 1 lacked the training runs; nothing else has changed since."""
    METADATA.create_all(connection)
    connection.exec_driver_sql(f"PRAGMA user_version = {FORMAT_VERSION}")


def _create(connection: Connection) -> None:
    METADATA.create_all(connection)
    names = (LAST_POSITION, CATALOGUE_REVISION)
    connection.execute(insert(COUNTERS), [{"name": name, "value": 0} for name in names])
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.exec_driver_sql(f"PRAGMA user_version = {FORMAT_VERSION}")
