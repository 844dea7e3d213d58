"""The event log, the catalogue and the training runs, held by this server alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from recserve.server.catalogue import Catalogue, SqlCatalogue
from recserve.server.database import Database, ServerLock
from recserve.server.event_log import EventLog, SqlEventLog
from recserve.server.training import RunRegister
from recserve.server.training.sql_register import SqlRunRegister


@dataclass(frozen=True, slots=True)
class Storage:
    """What a front end keeps on disk."""

    log: EventLog
    catalogue: Catalogue
    runs: RunRegister

    @classmethod
    @contextmanager
    def open(cls, url: str) -> Iterator["Storage"]:
        """Open the database of a URL, and hold it while the `with` lasts.

        Raises:
            ConfigurationError: the URL, the file or its holder does not allow it.
        """
        with ServerLock(url):
            database = Database(url)
            log = SqlEventLog(database)
            try:
                yield cls(log, SqlCatalogue(database), SqlRunRegister(database))
            finally:
                log.close()
