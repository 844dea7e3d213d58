"""An answer log in a SQL database."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from recserve.server.answer_log.interface import LoggedAnswer
from recserve.server.answer_log.rows import to_row
from recserve.server.database import Database
from recserve.server.database.tables import ANSWERS


class SqlAnswerLog:
    """An `AnswerLog` in a `Database`, which it shares with the event log.

    Args:
        database: The database; whoever opened it closes it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._add = database.insert(ANSWERS).on_conflict_do_nothing()

    def append(self, answers: Sequence[LoggedAnswer]) -> None:
        """See `AnswerLog.append`."""
        if answers:
            rows = [to_row(answer) for answer in answers]
            with self._database.writing() as connection:
                connection.execute(self._add, rows)

    def forget_before(self, time: float, limit: int) -> int:
        """See `AnswerLog.forget_before`."""
        key = ANSWERS.c.recommendation_id
        old = select(key).where(ANSWERS.c.answer_time < time).limit(limit)
        with self._database.writing() as connection:
            return connection.execute(delete(ANSWERS).where(key.in_(old))).rowcount
