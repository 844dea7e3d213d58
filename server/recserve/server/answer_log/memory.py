"""An answer log in memory, for tests."""

import threading
from collections.abc import Sequence
from dataclasses import replace

from recserve.server.answer_log.interface import LoggedAnswer


class InMemoryAnswerLog:
    """An `AnswerLog` that forgets everything when the process ends. The lock guards `answers`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.answers: dict[str, LoggedAnswer] = {}

    def append(self, answers: Sequence[LoggedAnswer]) -> None:
        """See `AnswerLog.append`."""
        with self._lock:
            for each in answers:
                self.answers.setdefault(each.recommendation_id, each)

    def forget_before(self, time: float, limit: int) -> int:
        """See `AnswerLog.forget_before`."""
        with self._lock:
            old = [name for name, each in self.answers.items() if each.time < time][:limit]
            for name in old:
                del self.answers[name]
            return len(old)

    def join_users(self, visitor_id: str, user_id: str) -> None:
        """Makes the answers of a visitor a user's."""
        with self._lock:
            for name, each in self.answers.items():
                if each.user_id == visitor_id:
                    self.answers[name] = replace(each, user_id=user_id)

    def erase_user(self, user_id: str) -> None:
        """Erases the answers of a user."""
        with self._lock:
            self.answers = {
                name: each for name, each in self.answers.items() if each.user_id != user_id
            }
