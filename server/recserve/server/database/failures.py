"""Turns failures of a database into errors of the domain."""

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from recserve.server.errors import Overloaded, RecserveServerError, Unavailable

FULL_RETRY_AFTER_SECONDS = 10.0
BUSY_RETRY_AFTER_SECONDS = 1.0

FAILURES = (DBAPIError, sqlite3.Error, NoConnectionLeft)
"""What SQLAlchemy and its drivers raise where the database fails."""

_FULL = (sqlite3.SQLITE_FULL, "53100")
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, "55P03", "57014", "40001", "40P01")
"""PostgreSQL's are lock_not_available, query_canceled, serialization_failure, deadlock_detected."""
_CROWDED = ("53300", "53400")  # too_many_connections, configuration_limit_exceeded
_PASSING = (*_FULL, *_BUSY, sqlite3.SQLITE_IOERR)

Code = int | str
"""SQLite's primary result code, or PostgreSQL's SQLSTATE; 0 if there is none."""


def may_pass(error: Exception) -> bool:
    """Tells whether a failure of SQLite is of the moment: a full disk, another writer."""
    return _code(error) in _PASSING


def domain_error(error: Exception) -> RecserveServerError:
    """Returns what a failure of the database means to a caller.

    The messages name no path and no host: they may reach callers. The cause is chained for
    the log.
    """
    code = _code(error)
    if code in _FULL:
        return Overloaded(
            "the disk that holds the event log is full; free some space",
            retry_after_seconds=FULL_RETRY_AFTER_SECONDS,
            reason="EVENT_LOG_FULL",
        )
    if isinstance(error, NoConnectionLeft) or code in _CROWDED:
        return Overloaded(
            "too many reads of the event log at once",
            retry_after_seconds=BUSY_RETRY_AFTER_SECONDS,
            reason="EVENT_LOG_BUSY",
        )
    if code in _BUSY:
        return Overloaded(
            "another process is writing to the event log",
            retry_after_seconds=BUSY_RETRY_AFTER_SECONDS,
            reason="EVENT_LOG_BUSY",
        )
    return Unavailable(
        f"the event log's database failed: {_said(error)}", reason="EVENT_LOG_UNAVAILABLE"
    )


def _original(error: Exception) -> BaseException:
    original = error.orig if isinstance(error, DBAPIError) else error
    return original or error


def _said(error: Exception) -> str:
    """What SQLite said; of PostgreSQL only the kind, since its words name hosts and users."""
    original = _original(error)
    if isinstance(original, sqlite3.Error):
        return str(original)
    return str(getattr(original, "sqlstate", None) or type(original).__name__)


def _code(error: Exception) -> Code:
    original = _original(error)
    state = getattr(original, "sqlstate", None)
    if state is not None:
        return str(state)
    return int(getattr(original, "sqlite_errorcode", 0)) & 0xFF  # the higher bits are detail
