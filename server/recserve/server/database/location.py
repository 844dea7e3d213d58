"""Which database an event log's URL means."""

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from recserve.server.errors import EventLogRefused

DEFAULT_SCHEMA = "recserve"
_SQLITE_DRIVERS = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL_DRIVERS = ("postgresql", "postgres", "postgresql+psycopg")


def check_url(url: str) -> None:
    """Refuse a URL that names no database; nothing is opened.

    Raises:
        EventLogRefused: It is no URL of SQLite or PostgreSQL, or its place is not there.
    """
    if is_postgresql(url):
        postgresql_location(url)
    else:
        sqlite_file(url)


def is_postgresql(url: str) -> bool:
    """Whether a URL is one of PostgreSQL.

    Raises:
        EventLogRefused: It is no URL.
    """
    return _parse(url).drivername in _POSTGRESQL_DRIVERS


def postgresql_location(url: str) -> tuple[URL, str]:
    """Returns the URL of a PostgreSQL database, and the schema that its tables are in.

    Args:
        url: `postgresql://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME`; further parameters
            are libpq's, such as sslmode. The default schema is `recserve`.

    Raises:
        EventLogRefused: It names no database.
    """
    parsed = _parse(url)
    if not parsed.database:
        raise EventLogRefused(
            f"event log {parsed.render_as_string()}: names no database; write"
            " postgresql://USER@HOST/DATABASE"
        )
    schema = parsed.query.get("schema", DEFAULT_SCHEMA)
    if not isinstance(schema, str) or not schema.isidentifier() or len(schema.encode()) > 63:
        raise EventLogRefused(
            f"event log {parsed.render_as_string()}: schema must be given once, as a plain name of"
            " at most 63 bytes"
        )
    location = parsed.set(drivername="postgresql+psycopg").difference_update_query(["schema"])
    return location, schema


def sqlite_file(url: str) -> Path:
    """Returns the file that an event log's URL names.

    Args:
        url: `sqlite:///relative/path` or `sqlite:////absolute/path`.

    Raises:
        EventLogRefused: It is not such a URL, or the file's folder does not exist. Folders
            are not made: a misspelt path must not quietly begin an empty log.
    """
    parsed = _parse(url)
    if parsed.drivername not in _SQLITE_DRIVERS:
        raise EventLogRefused(
            f"event log {parsed.render_as_string()}: events are kept in SQLite or PostgreSQL;"
            " write sqlite:///PATH or postgresql://USER@HOST/DATABASE"
        )
    if parsed.database in (None, "", ":memory:") or parsed.host or parsed.query:
        raise EventLogRefused(
            f"event log {parsed.render_as_string()}: must name a file and nothing else, such as"
            " sqlite:///recserve.db, or sqlite:////var/lib/recserve/events.db with a leading /"
        )
    path = Path(str(parsed.database)).resolve()
    if not path.parent.is_dir():
        raise EventLogRefused(f"event log {url}: the folder {path.parent} does not exist; make it")
    return path


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:  # the latter of a port that is no number
        raise EventLogRefused(
            f"event log {_without_password(url)!r}: not a URL; write sqlite:///recserve.db"
        ) from error


def _without_password(url: str) -> str:
    before, at, after = url.rpartition("@")
    return f"{before.partition('://')[0]}://…{at}{after}" if at else url
