"""What a front end keeps in the database of its event log."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from recserve.server.answer_log import AnswerLog, InMemoryAnswerLog, SqlAnswerLog
from recserve.server.catalogue import Catalogue, InMemoryCatalogue, SqlCatalogue
from recserve.server.database import open_database
from recserve.server.database.lock import held
from recserve.server.erasure import ErasureLog, InMemoryErasureLog, SqlErasureLog
from recserve.server.event_log import EventLog, InMemoryEventLog, SqlEventLog
from recserve.server.experiments.comparer import Comparer, InMemoryComparer, ProcessComparer
from recserve.server.joining import InMemoryUserJoins, SqlUserJoins, UserJoins
from recserve.server.pseudonyms import pseudonyms_of
from recserve.server.retention import Compaction
from recserve.server.training import InMemoryRunRegister, RunRegister
from recserve.server.training.sql_register import SqlRunRegister

KEY_BYTES = 32
_RECEIPT_KEY = "receipt_key"


@dataclass(frozen=True, slots=True)
class Storage:
    """What a front end keeps on disk."""

    log: EventLog
    catalogue: Catalogue
    runs: RunRegister
    answers: AnswerLog
    erasures: ErasureLog
    comparer: Comparer
    """Reads the answers and the events."""
    joins: UserJoins
    compaction: Compaction | None = None
    """Compacts old events; None: they stay, as in a log in memory."""

    @classmethod
    @contextmanager
    def open(cls, url: str) -> Iterator["Storage"]:
        """Open the database of a URL, and hold a file of it, while the `with` lasts.

        Raises:
            ConfigurationError: the URL, the file or its holder does not allow it.
        """
        with held(url):
            database = open_database(url)
            log = SqlEventLog(database)
            try:
                pseudonyms_of(log)  # an export, which only reads, finds their key
                key = log.settle_meta(_RECEIPT_KEY, secrets.token_hex(KEY_BYTES))
                yield cls(
                    log,
                    SqlCatalogue(database),
                    SqlRunRegister(database),
                    SqlAnswerLog(database),
                    SqlErasureLog(database, bytes.fromhex(key)),
                    ProcessComparer(url),
                    SqlUserJoins(database),
                    Compaction(database),
                )
            finally:
                log.close()

    @classmethod
    def in_memory(
        cls,
        log: InMemoryEventLog,
        catalogue: InMemoryCatalogue,
        answers: InMemoryAnswerLog | None = None,
    ) -> "Storage":
        """All of it in memory, for tests."""
        answers = answers or InMemoryAnswerLog()
        return cls(
            log,
            catalogue,
            InMemoryRunRegister(),
            answers,
            InMemoryErasureLog(log, catalogue, answers),
            InMemoryComparer(log, answers),
            InMemoryUserJoins(log, catalogue, answers),
        )
