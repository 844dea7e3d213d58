"""Which file an event log's URL means."""

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from recserve.server.errors import EventLogRefused

_SQLITE_DRIVERS = ("sqlite", "sqlite+pysqlite")


def sqlite_file(url: str) -> Path:
    """Returns the file that an event log's URL names.

    Args:
        url: `sqlite:///relative/path` or `sqlite:////absolute/path`.

    Raises:
        EventLogRefused: It is not such a URL, or the file's folder does not exist. Folders
            are not made: a misspelt path must not quietly begin an empty log.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise EventLogRefused(
            f"event log {url!r}: not a URL; write sqlite:///recserve.db"
        ) from error
    if parsed.drivername not in _SQLITE_DRIVERS:
        raise EventLogRefused(
            f"event log {parsed.render_as_string()}: this release keeps events in SQLite only;"
            " write sqlite:///PATH"
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
