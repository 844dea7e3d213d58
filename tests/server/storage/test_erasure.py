"""Erasing a user, down to the bytes."""

import random
from pathlib import Path

import pytest

from recserve.server.answer_log import InMemoryAnswerLog, LoggedAnswer, SqlAnswerLog
from recserve.server.catalogue import InMemoryCatalogue, SqlCatalogue, UserRecord
from recserve.server.database import Database, open_database
from recserve.server.database.tables import ERASURES, METADATA
from recserve.server.erasure import InMemoryErasureLog, SqlErasureLog, Trained
from recserve.server.erasure.interface import versions_trained_on
from recserve.server.errors import Unavailable
from recserve.server.event_log import InMemoryEventLog, SqlEventLog
from recserve.server.event_log.interface import EventLog

from .conftest import MakeEvent

KEY = b"k" * 32
GONE = "someone-who-wants-to-be-forgotten"


def fill(database: Database, event: MakeEvent, users: list[str], rounds: int, seed: int) -> None:
    """Events, features and answers of users, in an order by chance."""
    chance = random.Random(seed)  # noqa: S311  # any will do
    log, catalogue, answers = SqlEventLog(database), SqlCatalogue(database), SqlAnswerLog(database)
    for number in range(rounds):
        group = [
            event(
                f"{seed}-{number}-{place}-{chance.random()}",
                user_id := chance.choice(users),
                f"item-{chance.randrange(500)}",
                time=float(chance.randrange(10**6)),
                context={"seat": f"{user_id}'s seat"},
            )
            for place in range(chance.randrange(1, 60))
        ]
        log.append_groups([group])
        catalogue.put_users([UserRecord(each, {"city": f"home of {each}"}) for each in users])
        answers.append(
            [
                LoggedAnswer(f"{seed}-{number}-{each}", 1.0, each, 1, "", "", "", ["a"], [0.5])
                for each in map(str, range(chance.randrange(20)))
            ]
        )
        answers.append(
            [
                LoggedAnswer(
                    f"r{seed}-{number}-{place}",
                    1.0,
                    chance.choice(users),
                    1,
                    "",
                    "",
                    "",
                    ["a"],
                    [1],
                )
                for place in range(20)
            ]
        )


@pytest.mark.parametrize("seed", range(3))
def test_nothing_of_the_user_is_left_in_any_byte_of_any_file(
    tmp_path: Path, event: MakeEvent, seed: int
) -> None:
    database = open_database(f"sqlite:///{tmp_path}/events.db")
    users = [GONE, *(f"user-{number}" for number in range(20))]
    fill(database, event, users, 150, seed)
    assert any(GONE.encode() in each.read_bytes() for each in tmp_path.iterdir())

    erasures = SqlErasureLog(database, KEY)
    erased = erasures.erase(GONE, [])
    erasures.scrub(GONE)

    assert erased.event_count > 0
    assert len(SqlEventLog(database).history("user-1", 10).events) == 10
    for path in tmp_path.iterdir():
        assert GONE.encode() not in path.read_bytes(), path.name
    database.close()
    for path in tmp_path.iterdir():
        assert GONE.encode() not in path.read_bytes(), path.name


def test_nothing_of_the_user_is_left_in_any_table(postgresql_url: str, event: MakeEvent) -> None:
    database = open_database(postgresql_url)
    fill(database, event, [GONE, "ann", "bob"], 20, 1)

    erasures = SqlErasureLog(database, KEY)
    erased = erasures.erase(GONE, [])
    erasures.scrub(GONE)

    assert erased.event_count > 0
    with database.reading() as connection:
        for table in METADATA.tables.values():
            rows = connection.execute(table.select()).all()
            assert GONE not in repr(rows), table.name
        dead = connection.exec_driver_sql(
            "SELECT sum(n_dead_tup) FROM pg_stat_user_tables WHERE schemaname = current_schema()"
        ).scalar_one()
    assert dead == 0
    assert SqlEventLog(database).history("ann", 5).events
    database.close()


def test_a_reader_of_before_holds_the_receipt_up_and_repeating_completes_it(
    tmp_path: Path, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recserve.server.database.sqlite.SCRUB_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr("recserve.server.database.sqlite.SCRUB_ATTEMPTS", 2)
    database = open_database(f"sqlite:///{tmp_path}/events.db")
    log, erasures = SqlEventLog(database), SqlErasureLog(database, KEY)
    log.append_groups([[event("a", GONE)]])
    with database.reading() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one()
        erasures.erase(GONE, [Trained("models/m/versions/1", "", 9, 0.0, 1e9)])
        with pytest.raises(Unavailable) as waiting:
            erasures.scrub(GONE)
        assert waiting.value.reason == "READERS_LEFT"
        log.append_groups([[event("b", "bob")]])  # nobody else is held up
    again = erasures.erase(GONE, [])
    erasures.scrub(GONE)
    assert again.versions == ("models/m/versions/1",)  # those of the first time
    assert all(GONE.encode() not in each.read_bytes() for each in tmp_path.iterdir())
    database.close()


def test_the_audit_log_knows_users_by_keyed_hashes_alone(
    database_url: str, event: MakeEvent
) -> None:
    database = open_database(database_url)
    log, erasures = SqlEventLog(database), SqlErasureLog(database, KEY)
    log.append_groups([[event("a", GONE), event("b", "bob"), event("c", GONE)]])
    trained = [Trained("models/m/versions/1", "", 2, 0.0, 2_000.0)]

    one = erasures.erase(GONE, trained)
    other = erasures.erase("bob", [])
    unknown = erasures.erase("nobody", [])

    assert (one.event_count, other.event_count, unknown.event_count) == (2, 1, 0)
    assert len({one.receipt_id, other.receipt_id, unknown.receipt_id}) == 3
    assert SqlErasureLog(database, b"other" * 8).erase(GONE, []).receipt_id != one.receipt_id
    with database.reading() as connection:
        rows = connection.execute(ERASURES.select().order_by(ERASURES.c.number)).all()
    assert [row.receipt_id for row in rows[:2]] == [one.receipt_id, other.receipt_id]
    assert GONE not in repr(rows)
    assert erasures.count() == 4
    assert log.last_position() == 3  # positions are never given again
    (later,) = log.append_groups([[event("d")]])
    assert later.log_position == 4
    assert [each.position for each in log.after(0, 10)] == [4]
    database.close()


@pytest.mark.parametrize("kind", ["memory", "sql"])
def test_versions_that_learned_from_the_user_are_named(
    kind: str, tmp_path: Path, event: MakeEvent
) -> None:
    if kind == "memory":
        memory_log = InMemoryEventLog()
        log: EventLog = memory_log
        erasures: object = InMemoryErasureLog(memory_log, InMemoryCatalogue(), InMemoryAnswerLog())
    else:
        database = open_database(f"sqlite:///{tmp_path}/events.db")
        log, erasures = SqlEventLog(database), SqlErasureLog(database, KEY)
    log.append_groups([[event("a", "bob", time=5.0)], [event("b", "ann", time=10.0)]])
    trained = [
        Trained("v/1", "", 1, 0.0, 99.0),  # before ann came
        Trained("v/2", "", 2, 0.0, 99.0),
        Trained("v/3", "", 2, 11.0, 99.0),  # of later events
        Trained("v/4", "v/2", 2, 11.0, 99.0),  # warm start from one that learned from her
        Trained("v/5", "v/4", 0, 0.0, 0.0),
        Trained("v/6", "", 0, 0.0, 99.0),  # from a dataset
    ]
    erased = erasures.erase("ann", trained)  # type: ignore[attr-defined]
    assert erased.versions == ("v/2", "v/4", "v/5")
    assert log.history("ann", 10).events == ()
    assert len(log.history("bob", 10).events) == 1
    log.close()


def test_no_events_no_versions() -> None:
    assert versions_trained_on([Trained("v/1", "", 5, 0.0, 9.0)], []) == []
