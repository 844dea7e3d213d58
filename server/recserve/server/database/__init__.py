"""The database that the event log and the catalogue share, and the lock that a server holds."""

from recserve.server.database.interface import Database, Watch
from recserve.server.database.lock import ServerLock
from recserve.server.database.opening import open_database

__all__ = ["Database", "ServerLock", "Watch", "open_database"]
