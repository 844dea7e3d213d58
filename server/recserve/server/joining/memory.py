"""Joins in memory, for tests."""

from recserve.server.answer_log.memory import InMemoryAnswerLog
from recserve.server.catalogue.memory import InMemoryCatalogue
from recserve.server.event_log.memory import InMemoryEventLog
from recserve.server.joining.interface import Joined, JoinedPair, check_joinable


class InMemoryUserJoins:
    """`UserJoins` over logs and a catalogue in memory.

    Args:
        log: The event log, which knows who is who.
        catalogue: The catalogue.
        answers: The answer log.
    """

    def __init__(
        self, log: InMemoryEventLog, catalogue: InMemoryCatalogue, answers: InMemoryAnswerLog
    ) -> None:
        self._log = log
        self._catalogue = catalogue
        self._answers = answers
        self._pairs: list[JoinedPair] = []

    def join(self, visitor_id: str, user_id: str) -> Joined:
        """See `UserJoins.join`."""
        known = self._log.user_of(visitor_id)
        into = self._log.user_of(user_id) or user_id
        check_joinable(visitor_id, into, known)
        if known is not None:
            return Joined(into, 0)
        event_count = self._log.join_users(visitor_id, into)
        self._catalogue.join_users(visitor_id, into)
        self._answers.join_users(visitor_id, into)
        self._pairs.append(JoinedPair(len(self._pairs) + 1, visitor_id, into))
        return Joined(into, event_count)

    def after(self, number: int) -> list[JoinedPair]:
        """See `UserJoins.after`."""
        return self._pairs[number:]

    def last(self) -> int:
        """See `UserJoins.last`."""
        return len(self._pairs)
