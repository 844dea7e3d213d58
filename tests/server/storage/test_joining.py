"""A visitor turns out to be a user."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from recserve.server.answer_log import InMemoryAnswerLog, LoggedAnswer, SqlAnswerLog
from recserve.server.answer_log.interface import AnswerLog
from recserve.server.catalogue import Catalogue, InMemoryCatalogue, SqlCatalogue, UserRecord
from recserve.server.database.tables import ANSWERS
from recserve.server.erasure import (
    ErasureLog,
    InMemoryErasureLog,
    SqlErasureLog,
    Trained,
)
from recserve.server.event_log import EventLog, InMemoryEventLog, SqlEventLog
from recserve.server.joining import InMemoryUserJoiner, SqlUserJoiner, UserJoiner
from recserve.server.schema import DeclaredSchema

from .conftest import KINDS, MakeEvent, opened


@dataclass
class Place:
    """What a joiner works on."""

    joiner: UserJoiner
    log: EventLog
    catalogue: Catalogue
    answers: AnswerLog
    erasures: ErasureLog

    def users_of_answers(self) -> list[str]:
        if isinstance(self.answers, InMemoryAnswerLog):
            return sorted(each.user_id for each in self.answers.answers.values())
        assert isinstance(self.answers, SqlAnswerLog)
        with self.answers._database.reading() as connection:
            return sorted(row.user_id for row in connection.execute(ANSWERS.select()))


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "memory":
        parts = InMemoryEventLog(), InMemoryCatalogue(), InMemoryAnswerLog()
        yield Place(InMemoryUserJoiner(*parts), *parts, InMemoryErasureLog(*parts))
        return
    database = opened(request, tmp_path)
    yield Place(
        SqlUserJoiner(database),
        SqlEventLog(database),
        SqlCatalogue(database),
        SqlAnswerLog(database),
        SqlErasureLog(database, b"k" * 32),
    )
    database.close()


def test_the_user_has_what_the_visitor_did_in_the_order_of_time(
    place: Place, event: MakeEvent
) -> None:
    place.log.append_groups([[event("1", "visitor", "a", time=30.0), event("2", "ann", "b")]])
    place.log.append_groups([[event("3", "visitor", "c", time=10.0), event("4", "bob", "d")]])
    assert place.joiner.join("visitor", "ann").event_count == 2
    history = place.log.history("ann", 10)
    assert [each.event.item_id for each in history.events] == ["c", "a", "b"]
    assert history.item_ids == {"a", "b", "c"}
    assert not place.log.history("visitor", 10).events
    assert [each.event.user_id for each in place.log.after(0, 10)] == ["ann", "ann", "ann", "bob"]
    assert place.joiner.join("visitor", "ann").event_count == 0


def test_an_event_that_is_sent_again_is_a_duplicate_all_the_same(
    place: Place, event: MakeEvent
) -> None:
    place.log.append_groups([[event("1", "visitor", "a")]])
    place.joiner.join("visitor", "ann")
    (again,) = place.log.append_groups([[event("1", "visitor", "a")]])
    assert (again.accepted_count, again.duplicate_count, again.log_position) == (0, 1, 1)


def test_counts_of_items_stay(place: Place, event: MakeEvent, schema: DeclaredSchema) -> None:
    place.log.append_groups([[event("1", "visitor", "a"), event("2", "ann", "a")]])
    before = place.log.item_counts(schema)
    place.joiner.join("visitor", "ann")
    assert place.log.item_counts(schema) == before


def test_the_users_own_features_stand_and_else_the_visitors(place: Place) -> None:
    place.catalogue.put_users(
        [UserRecord("v1", {"city": "Rome"}), UserRecord("v2", {"city": "Oslo"})]
    )
    place.catalogue.put_users([UserRecord("ann", {"city": "Bonn"})])
    place.joiner.join("v1", "ann")
    place.joiner.join("v2", "bob")
    assert place.catalogue.get_user("ann") == UserRecord("ann", {"city": "Bonn"})
    assert place.catalogue.get_user("bob") == UserRecord("bob", {"city": "Oslo"})
    assert place.catalogue.get_user("v1") is None
    assert place.catalogue.get_user("v2") is None


def test_other_servers_see_that_something_has_changed(place: Place) -> None:
    before = place.catalogue.revision()
    joined = place.joiner.join("visitor", "ann")
    assert place.catalogue.revision() == joined.revision > before


def test_answers_are_the_users_too(place: Place) -> None:
    place.answers.append(
        [LoggedAnswer(each, 1.0, each, 1, "", "", "", ["a"], [0.5]) for each in ("visitor", "bob")]
    )
    place.joiner.join("visitor", "ann")
    assert place.users_of_answers() == ["ann", "bob"]


def test_an_erasure_names_the_versions_that_learned_before_the_join(
    place: Place, event: MakeEvent
) -> None:
    place.log.append_groups([[event("1", "visitor", "a", time=5.0)]])
    place.joiner.join("visitor", "ann")
    place.log.append_groups([[event("2", "ann", "b", time=9.0)]])
    erased = place.erasures.erase("ann", [Trained("models/default/versions/1", "", 1, 0.0, 6.0)])
    assert (erased.event_count, erased.versions) == (2, ("models/default/versions/1",))
