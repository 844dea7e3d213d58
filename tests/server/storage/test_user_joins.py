"""A visitor who logs in is the user from then on. On both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from recserve.server.answer_log import LoggedAnswer, SqlAnswerLog
from recserve.server.catalogue import SqlCatalogue, UserRecord
from recserve.server.database import Database, open_database
from recserve.server.database.tables import ANSWERS, METADATA
from recserve.server.erasure import SqlErasureLog, Trained
from recserve.server.errors import FailedPrecondition
from recserve.server.event_log import SqlEventLog
from recserve.server.joining import Joined, JoinedPair, SqlUserJoins
from recserve.server.joining import interface as joining_interface
from recserve.server.retention import Compaction

from .conftest import MakeEvent

KEY = b"k" * 32


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = open_database(database_url)
    yield database
    database.close()


def test_all_of_a_visitor_becomes_the_users_at_its_place(
    database: Database, event: MakeEvent
) -> None:
    log, joins, catalogue = SqlEventLog(database), SqlUserJoins(database), SqlCatalogue(database)
    answer = LoggedAnswer("r1", 1.0, "v7", 1, "", "", "", ["a"], [0.5])
    SqlAnswerLog(database).append([answer])
    catalogue.put_users([UserRecord("v7", {"city": "Rome"})])
    log.append_groups([[event("1", "v7", "tea"), event("2", "ann", "cup"), event("3", "bob")]])

    assert joins.join("v7", "ann") == Joined("ann", 2 - 1)

    history = log.history("ann", 10)
    assert [(each.position, each.event.item_id) for each in history.events] == [
        (1, "tea"),
        (2, "cup"),
    ]
    assert log.history("v7", 10).events == ()
    assert [each.event.user_id for each in log.after(0, 10)] == ["ann", "ann", "bob"]
    assert catalogue.get_user("v7") is None
    assert catalogue.get_user("ann") == UserRecord("ann", {"city": "Rome"})
    with database.reading() as connection:
        assert [row.user_id for row in connection.execute(ANSWERS.select())] == ["ann"]
    assert joins.after(0) == [JoinedPair(1, "v7", "ann")]
    assert joins.after(joins.last()) == []


def test_later_events_of_the_visitor_are_the_users_and_known_as_repeated(
    database: Database, event: MakeEvent
) -> None:
    log, joins = SqlEventLog(database), SqlUserJoins(database)
    log.append_groups([[event("1", "v7")]])
    joins.join("v7", "ann")

    (late,) = log.append_groups([[event("1", "v7"), event("2", "v7"), event("3", "bob")]])

    assert [each.event.user_id for each in late.accepted] == ["ann", "bob"]
    assert late.duplicate_count == 1
    assert len(log.history("ann", 10).events) == 2


def test_the_users_own_features_stand(database: Database) -> None:
    joins, catalogue = SqlUserJoins(database), SqlCatalogue(database)
    catalogue.put_users([UserRecord("v7", {"city": "Rome"}), UserRecord("ann", {"city": "Oslo"})])

    joins.join("v7", "ann")

    assert catalogue.get_user("ann") == UserRecord("ann", {"city": "Oslo"})
    assert catalogue.get_user("v7") is None


def test_a_join_may_be_repeated_and_followed_but_not_contradicted(
    database: Database, event: MakeEvent
) -> None:
    log, joins = SqlEventLog(database), SqlUserJoins(database)
    log.append_groups([[event("1", "v1"), event("2", "v2"), event("3", "ann")]])
    assert joins.join("v1", "v2") == Joined("v2", 1)
    assert joins.join("v2", "ann") == Joined("ann", 2)
    assert joins.join("v1", "ann") == joins.join("v1", "v2") == Joined("ann", 0)
    assert joins.join("v3", "v1") == Joined("ann", 0)
    for visitor, user in [("v1", "bob"), ("ann", "v1"), ("ann", "v3")]:
        with pytest.raises(FailedPrecondition) as refused:
            joins.join(visitor, user)
        assert refused.value.reason == "JOINED_ALREADY"
    (late,) = log.append_groups([[event("4", "v1"), event("5", "v3")]])
    assert {each.event.user_id for each in late.accepted} == {"ann"}
    assert joins.last() == 3


def test_a_visitor_of_too_many_events_is_left_as_it_was(
    database: Database, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining_interface, "MAX_EVENTS", 1)
    log, joins = SqlEventLog(database), SqlUserJoins(database)
    log.append_groups([[event("1", "v7"), event("2", "v7")]])

    with pytest.raises(FailedPrecondition) as refused:
        joins.join("v7", "ann")

    assert refused.value.reason == "VISITOR_TOO_LARGE"
    assert len(log.history("v7", 10).events) == 2
    assert joins.after(0) == []


def test_compacted_events_are_joined_too(database: Database, event: MakeEvent) -> None:
    log, joins = SqlEventLog(database), SqlUserJoins(database)
    log.append_groups(
        [[event("1", "v7", "tea"), event("2", "v7", "cup"), event("3", "ann", "tea")]]
    )
    Compaction(database).run(1, pause=lambda _: False)

    assert joins.join("v7", "ann") == Joined("ann", 2)

    assert log.history("ann", 10).item_ids == {"tea", "cup"}
    assert log.history("v7", 10).item_ids == frozenset()
    assert log.append_groups([[event("1", "v7")]])[0].duplicate_count == 1


@pytest.mark.parametrize("asked", ["ann", "v1", "v2"])
def test_erasing_any_of_the_ids_erases_them_all(
    database: Database, event: MakeEvent, asked: str
) -> None:
    log, joins, erasures = (
        SqlEventLog(database),
        SqlUserJoins(database),
        SqlErasureLog(database, KEY),
    )
    log.append_groups([[event("1", "v1"), event("2", "ann"), event("3", "bob")]])
    joins.join("v1", "ann")
    joins.join("v2", "ann")

    erased = erasures.erase(asked, [Trained("v/1", "", 1, 0.0, 1e9)])
    assert set(erasures.ids_of("ann")) == {"ann", "v1", "v2"}  # a repeated call knows them all
    erasures.scrub(asked)

    assert erased.event_count == 2
    assert set(erased.user_ids) == {"ann", "v1", "v2"}
    assert erasures.ids_of("ann") == ["ann"]
    assert all(erasures.erase(each, []).versions == ("v/1",) for each in ("ann", "v1", "v2"))
    with database.reading() as connection:
        for table in METADATA.tables.values():
            rows = repr(connection.execute(table.select()).all())
            assert not any(repr(each) in rows for each in ("ann", "v1", "v2")), table.name
    assert len(log.history("bob", 10).events) == 1
    (later,) = log.append_groups([[event("4", "v1")]])
    assert later.accepted[0].event.user_id == "v1"  # somebody new


def test_no_byte_of_the_visitor_is_left_on_sqlite(tmp_path: Path, event: MakeEvent) -> None:
    database = open_database(f"sqlite:///{tmp_path}/events.db")
    log, erasures = SqlEventLog(database), SqlErasureLog(database, KEY)
    visitor, user = "a-visitor-nobody-should-find", "a-user-nobody-should-find"
    for n in range(100):
        users = [visitor, user, *(f"user-{each}" for each in range(9))]
        log.append_groups([[event(f"{each}-{n}", each, f"i{n}", time=float(n)) for each in users]])
    SqlUserJoins(database).join(visitor, user)

    erasures.erase(user, [])
    erasures.scrub(user)

    for path in tmp_path.iterdir():
        content = path.read_bytes()
        assert visitor.encode() not in content, path.name
        assert user.encode() not in content, path.name
    database.close()
