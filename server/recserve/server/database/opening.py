"""Opens the database that a URL names."""

from recserve.server.database.interface import Database
from recserve.server.database.location import is_postgresql, sqlite_file
from recserve.server.errors import EventLogRefused


def open_database(url: str, *, must_exist: bool = False) -> Database:
    """Open a database, and make the tables that it lacks.

    Args:
        url: `sqlite:///PATH`, or `postgresql://USER@HOST/DATABASE`.
        must_exist: Refuse an SQLite file that is not there, instead of making it.

    Raises:
        EventLogRefused: The URL is bad, a package is missing, or the database is not ours,
            or of a newer release.
        Overloaded: The disk is full, or another process writes for too long.
        Unavailable: The database fails, or cannot be reached.
    """
    if is_postgresql(url):
        try:
            from recserve.server.database.postgresql import PostgresqlDatabase
        except ModuleNotFoundError as error:
            raise EventLogRefused(
                "events in PostgreSQL need a package more: pip install 'recserve[postgresql]'"
            ) from error
        return PostgresqlDatabase(url)
    from recserve.server.database.sqlite import SqliteDatabase

    if must_exist and not sqlite_file(url).exists():
        raise EventLogRefused("the event log is gone")
    return SqliteDatabase(url)
