"""The event log: the durable, ordered record of all events.

`InMemoryEventLog` is for tests, also those of programs that use recserve.
"""

from recserve.server.event_log.following import LogFollowers
from recserve.server.event_log.interface import (
    SCHEMA_META,
    Appended,
    EventLog,
    ItemCounts,
    UserHistory,
)
from recserve.server.event_log.memory import InMemoryEventLog
from recserve.server.event_log.sql import SqlEventLog
from recserve.server.event_log.tail import LogTail
from recserve.server.event_log.writer import LogWriter

__all__ = [
    "SCHEMA_META",
    "Appended",
    "EventLog",
    "InMemoryEventLog",
    "ItemCounts",
    "LogFollowers",
    "LogTail",
    "LogWriter",
    "SqlEventLog",
    "UserHistory",
]
