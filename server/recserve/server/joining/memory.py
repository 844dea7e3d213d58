"""Joining in a log in memory, for tests."""

from recserve.server.answer_log.memory import InMemoryAnswerLog
from recserve.server.catalogue.memory import InMemoryCatalogue
from recserve.server.event_log.memory import InMemoryEventLog
from recserve.server.joining.interface import Joined


class InMemoryUserJoiner:
    """A `UserJoiner` over logs and a catalogue in memory.

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

    def join(self, visitor_id: str, user_id: str) -> Joined:
        """See `UserJoiner.join`."""
        count = self._log.move_user(visitor_id, user_id)
        self._answers.move_user(visitor_id, user_id)
        return Joined(count, self._catalogue.move_user(visitor_id, user_id))
