"""The answer log, and the thread that writes it."""

import threading
from collections.abc import Iterator

import pytest

from recserve.server.answer_log import AnswerWriter, InMemoryAnswerLog, LoggedAnswer, SqlAnswerLog
from recserve.server.answer_log.rows import from_row
from recserve.server.database import Database, open_database
from recserve.server.database.tables import ANSWERS
from recserve.server.errors import Unavailable

WAIT_SECONDS = 30


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def answer(name: str, time: float = 1.0, **fields: object) -> LoggedAnswer:
    defaults: dict[str, object] = {
        "user_id": "ann", "version": 3, "label": "stable", "fallback": "", "scenario": "home",
        "item_ids": ["tea", "ünï\n,"], "scores": [0.5, 0.25],
    }  # fmt: skip
    return LoggedAnswer(name, time, **{**defaults, **fields})  # type: ignore[arg-type]


def stored(database: Database) -> list[LoggedAnswer]:
    with database.reading() as connection:
        rows = connection.execute(ANSWERS.select().order_by(ANSWERS.c.recommendation_id))
        return [from_row(row) for row in rows]


def test_an_answer_comes_back_as_it_was_stored_and_once(database: Database) -> None:
    log = SqlAnswerLog(database)
    plain = answer("a")
    drawn = answer("b", propensities=[0.5, 0.125], fallback="deadline", compared_with="a")
    log.append([plain, drawn])
    log.append([plain])
    log.append([])
    assert stored(database) == [plain, drawn]


def test_old_answers_are_forgotten_some_at_a_time(database: Database) -> None:
    log = SqlAnswerLog(database)
    log.append([answer(f"{n}", float(n)) for n in range(6)])
    assert log.forget_before(4.0, 3) == 3
    assert log.forget_before(4.0, 3) == 1
    assert [each.time for each in stored(database)] == [4.0, 5.0]


def writer(log: object, **options: object) -> AnswerWriter:
    defaults: dict[str, object] = {"share": 1.0, "days": 0, "interval_seconds": 0.0}
    return AnswerWriter(log, **{**defaults, **options})  # type: ignore[arg-type]


def test_what_waits_is_written_before_the_end() -> None:
    log = InMemoryAnswerLog()
    writing = writer(log, interval_seconds=3_600)
    writing.start()
    for number in range(1_200):
        writing.add(answer(f"{number}"))
    writing.close()
    assert len(log.answers) == 1_200


def test_a_share_is_chosen_by_the_id_and_always_alike() -> None:
    some = writer(InMemoryAnswerLog(), share=0.25)
    ids = [f"answer-{number}" for number in range(4_000)]
    chosen = [each for each in ids if some.logs(each)]
    assert 800 < len(chosen) < 1_200
    assert chosen == [each for each in ids if some.logs(each)]
    assert not any(map(writer(InMemoryAnswerLog(), share=0.0).logs, ids))
    assert all(map(writer(InMemoryAnswerLog(), share=1.0).logs, ids))


class FailingLog(InMemoryAnswerLog):
    broken = True

    def append(self, answers: object) -> None:
        if self.broken:
            raise Unavailable("broken")
        super().append(answers)  # type: ignore[arg-type]


def test_answers_wait_for_a_database_that_is_away_and_beyond_a_limit_the_newest_are_lost() -> None:
    log = FailingLog()
    writing = writer(log, max_waiting=3)
    for number in range(5):
        writing.add(answer(f"{number}"))
    with pytest.raises(Unavailable):
        writing.flush()
    log.broken = False
    writing.flush()
    assert list(log.answers) == ["0", "1", "2"]


def test_the_thread_goes_on_after_a_failure() -> None:
    written = threading.Event()

    class Healing(FailingLog):
        def append(self, answers: object) -> None:
            try:
                super().append(answers)
                written.set()
            finally:
                self.broken = False

    log = Healing()
    writing = writer(log)
    writing.start()
    writing.add(answer("a"))
    assert written.wait(WAIT_SECONDS)
    writing.close()
    assert list(log.answers) == ["a"]


def test_the_thread_forgets_what_is_older_than_the_days_kept() -> None:
    log = InMemoryAnswerLog()
    cleared = threading.Event()

    class Telling(InMemoryAnswerLog):
        def forget_before(self, time: float, limit: int) -> int:
            try:
                return super().forget_before(time, limit)
            finally:
                cleared.set()

    log = Telling()
    day = 86_400.0
    log.append([answer("old", time=1.0), answer("new", time=4 * day)])
    writing = writer(log, days=2, clock=lambda: 5 * day)
    writing.start()
    writing.add(answer("now", time=5 * day))
    assert cleared.wait(WAIT_SECONDS)
    writing.close()
    assert set(log.answers) == {"new", "now"}
