"""After a login, answers go by what the visitor did."""

from collections.abc import Iterator
from typing import Any

import pytest

from recserve.server.testing import InMemoryServer
from recserve.v1 import catalog_pb2
from server.front_end.conftest import ITEMS, SHOP
from server.front_end.wire import SECONDS, Wire, event, refusal, user


@pytest.fixture
def wire(transport_name: Any) -> Iterator[Wire]:
    with InMemoryServer(item_ids=ITEMS, schema=SHOP, transport=transport_name) as server:
        wire = Wire(server.address)
        yield wire
        wire.close()


def join(wire: Wire, visitor_id: str = "visitor", user_id: str = "ann") -> int:
    request = catalog_pb2.JoinUserRequest(visitor_id=visitor_id, user_id=user_id)
    return wire.catalogue.JoinUser(request, timeout=SECONDS).joined_event_count


def ids(wire: Wire, user_id: str) -> str:
    return "".join(each.item_id for each in wire.recommend(user_id, num_results=3).results)


def test_the_next_answer_is_the_users_and_the_visitor_is_unknown(wire: Wire) -> None:
    wire.feedback(event("a", "visitor"), event("b", "visitor"), event("c", "ann"))
    wire.put_users(user("visitor", age=30.0))
    assert (ids(wire, "visitor"), ids(wire, "ann")) == ("cde", "abd"), "profiles are in memory"
    assert join(wire) == 2
    assert ids(wire, "ann") == "def"
    assert ids(wire, "visitor") == "abc"
    assert wire.user("ann").features["age"].number == 30.0
    wire.feedback(event("d", "ann"))
    assert ids(wire, "ann") == "efg"
    assert join(wire) == 0


def test_events_that_come_later_are_joined_by_the_next_call(wire: Wire) -> None:
    wire.feedback(event("a", "visitor"))
    join(wire)
    wire.feedback(event("b", "visitor"))
    assert ids(wire, "ann") == "bcd"
    assert join(wire) == 1
    assert ids(wire, "ann") == "cde"


def test_erasing_the_user_erases_what_the_visitor_did(wire: Wire) -> None:
    wire.feedback(event("a", "visitor"))
    join(wire)
    assert wire.delete_user("ann").deleted_event_count == 1


def test_bad_ids_are_told_field_by_field(wire: Wire) -> None:
    assert set(refusal(join, wire, "", "x" * 257).violations) == {"visitor_id", "user_id"}
    assert set(refusal(join, wire, "ann", "ann").violations) == {"user_id"}
