"""The database that the event log and the catalogue share, and the lock that a server holds."""

from recserve.server.database.lock import ServerLock
from recserve.server.database.sqlite import Database

__all__ = ["Database", "ServerLock"]
