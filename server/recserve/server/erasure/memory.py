"""Erasing from a log in memory, for tests."""

import time
from collections.abc import Sequence

from recserve.server.answer_log.memory import InMemoryAnswerLog
from recserve.server.catalogue.memory import InMemoryCatalogue
from recserve.server.erasure.interface import Erased, Past, Trained, receipt_id, versions_trained_on
from recserve.server.event_log.memory import InMemoryEventLog


class InMemoryErasureLog:
    """An `ErasureLog` over logs and a catalogue in memory.

    Args:
        log: The event log.
        catalogue: The catalogue.
        answers: The answer log.
    """

    def __init__(
        self, log: InMemoryEventLog, catalogue: InMemoryCatalogue, answers: InMemoryAnswerLog
    ) -> None:
        self._log = log
        self._catalogue = catalogue
        self._answers = answers
        self._versions: dict[str, set[str]] = {}
        self._count = 0

    def ids_of(self, user_id: str) -> Sequence[str]:
        """See `ErasureLog.ids_of`."""
        return self._log.ids_of(user_id)

    def erase(self, user_id: str, trained: Sequence[Trained]) -> Erased:
        """See `ErasureLog.erase`."""
        user_ids = self._log.ids_of(user_id)
        events = [event for each in user_ids for event in self._log.erase_user(each)]
        for each in user_ids:
            self._answers.erase_user(each)
            revision = self._catalogue.erase_user(each)
        self._log.forget_joins(user_ids)
        receipt = receipt_id(b"in memory", user_id)
        versions = self._versions.setdefault(receipt, set())
        past = [Past(each.position, each.event.time, each.event.time) for each in events]
        versions.update(versions_trained_on(trained, past))
        self._count += 1
        named = sorted(versions, key=lambda name: int(name.rpartition("/")[2]))
        return Erased(receipt, len(events), tuple(named), time.time(), revision, tuple(user_ids))

    def scrub(self, user_id: str) -> None:
        """See `ErasureLog.scrub`: there is no file."""

    def count(self) -> int:
        """See `ErasureLog.count`."""
        return self._count
