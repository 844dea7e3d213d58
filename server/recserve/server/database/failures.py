"""Turns failures of SQLite into errors of the domain."""

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from recserve.server.errors import Overloaded, RecserveServerError, Unavailable

FULL_RETRY_AFTER_SECONDS = 10.0
BUSY_RETRY_AFTER_SECONDS = 1.0


FAILURES = (DBAPIError, sqlite3.Error, NoConnectionLeft)
"""What SQLAlchemy and sqlite3 raise where the database fails."""


PASSING = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR)


def may_pass(error: Exception) -> bool:
    """Tells whether a failure is of the moment: a full disk, another process that writes."""
    return _code(error) in PASSING


def domain_error(error: Exception) -> RecserveServerError:
    """Returns what a failure of the database means to a caller.

    The messages name no path: they may reach callers. The cause is chained for the log.
    """
    original = error.orig if isinstance(error, DBAPIError) else error
    code = _code(error)
    if code == sqlite3.SQLITE_FULL:
        return Overloaded(
            "the disk that holds the event log is full; free some space",
            retry_after_seconds=FULL_RETRY_AFTER_SECONDS,
            reason="EVENT_LOG_FULL",
        )
    if isinstance(error, NoConnectionLeft):
        return Overloaded(
            "too many reads of the event log at once",
            retry_after_seconds=BUSY_RETRY_AFTER_SECONDS,
            reason="EVENT_LOG_BUSY",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Overloaded(
            "another process is writing to the event log",
            retry_after_seconds=BUSY_RETRY_AFTER_SECONDS,
            reason="EVENT_LOG_BUSY",
        )
    return Unavailable(
        f"the event log's database failed: {original}", reason="EVENT_LOG_UNAVAILABLE"
    )


def _code(error: Exception) -> int:
    original = error.orig if isinstance(error, DBAPIError) else error
    return int(getattr(original, "sqlite_errorcode", 0)) & 0xFF  # the higher bits are detail
