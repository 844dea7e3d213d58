"""Whoever follows the event log sees all of it once, in its order."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from integration.server_process import eventually
from recserve.server.event_log import following
from recserve.server.front_end.servicers import events
from recserve.server.testing import InMemoryServer
from recserve.v1 import event_pb2
from server.front_end.wire import SECONDS, Wire, event, refusal


@pytest.fixture
def server(transport_name: Any) -> Iterator[InMemoryServer]:
    with InMemoryServer(item_ids=["a", "b"], transport=transport_name) as server:
        yield server


@pytest.fixture
def followed(server: InMemoryServer) -> Iterator[Wire]:
    wire = Wire(server.address)
    yield wire
    wire.close()


def tail(wire: Wire, **asked: Any) -> Any:
    return wire.events.TailEvents(event_pb2.TailEventsRequest(**asked), timeout=SECONDS)


def told(stream: Any, count: int) -> list[event_pb2.LoggedEvent]:
    found: list[event_pb2.LoggedEvent] = []
    while len(found) < count:
        found += next(stream).events
    return found


def store(wire: Wire, *names: str, **fields: Any) -> None:
    wire.feedback(*(event(event_id=name, **fields) for name in names))


def test_from_the_beginning_and_then_as_they_are_stored(followed: Wire) -> None:
    store(followed, "e1", "e2", value=2.5)
    stream = tail(followed, after_position=0)
    first = told(stream, 2)
    assert [(each.log_position, each.event.event_id) for each in first] == [(1, "e1"), (2, "e2")]
    assert first[0].event.value == 2.5
    assert first[0].event.event_time.seconds > 1_700_000_000
    for number in range(3, 6):
        store(followed, f"e{number}")
        assert [each.log_position for each in told(stream, 1)] == [number]


def test_from_now_on(followed: Wire) -> None:
    store(followed, "old")
    stream = tail(followed)
    begin = next(stream)
    assert (list(begin.events), begin.log_position) == ([], 1)
    store(followed, "new")
    assert [each.event.event_id for each in told(stream, 1)] == ["new"]


def test_only_what_is_asked_for(followed: Wire) -> None:
    store(followed, "e1", user_id="bob", item_id="a")
    store(followed, "e2", user_id="ann", item_id="b")
    store(followed, "e3", user_id="ann", item_id="a", event_type="buy")
    wanted = [
        ({"user_id": "ann"}, ["e2", "e3"]),
        ({"item_id": "a"}, ["e1", "e3"]),
        ({"event_types": ["buy", "view"]}, ["e3"]),
        ({"user_id": "ann", "item_id": "b"}, ["e2"]),
    ]
    for asked, names in wanted:
        found = told(tail(followed, after_position=0, **asked), len(names))
        assert [each.event.event_id for each in found] == names
    stream = tail(followed, after_position=0, user_id="nobody")
    assert [next(stream).log_position, next(stream).log_position] == [0, 3], "it is told how far"


def test_a_long_log_comes_in_pieces(followed: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MAX_EVENTS_PER_READ", 7)
    monkeypatch.setattr(events, "MESSAGE_BYTES", 200)
    names = [f"event-{number}" for number in range(30)]
    store(followed, *names)
    stream = tail(followed, after_position=0)
    positions, found = [], list[str]()
    while len(found) < len(names):
        message = next(stream)
        assert message.ByteSize() < 400
        found += [each.event.event_id for each in message.events]
        positions.append(message.log_position)
    assert found == names
    assert positions == sorted(positions)
    assert len(positions) > 5


def test_erased_events_leave_no_trace_and_nobody_waits_for_them(followed: Wire) -> None:
    store(followed, "e1", "e2", user_id="gone")
    followed.delete_user("gone")
    stream = tail(followed, after_position=0)
    assert next(stream).log_position == 0
    store(followed, "e3")
    assert [each.log_position for each in told(stream, 1)] == [3]


def test_bad_requests_are_told_field_by_field(followed: Wire) -> None:
    asked = {"after_position": -1, "event_types": ["", "x" * 64], "user_id": "u" * 257}
    told = refusal(lambda: next(tail(followed, **asked)))
    assert told.code == "INVALID_ARGUMENT"
    fields = {"after_position", "event_types[0]", "event_types[1]", "user_id"}
    assert set(told.violations) == fields


def test_too_many_followers_are_refused_until_one_leaves(
    followed: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "MAX_FOLLOWERS", 2)
    streams = [tail(followed), tail(followed)]
    for stream in streams:
        next(stream)
    told = refusal(lambda: next(tail(followed)))
    assert (told.code, told.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_FOLLOWERS")
    assert told.retry_seconds > 0
    streams[0].cancel()
    eventually(lambda: is_taken(followed), "the free place")


def is_taken(wire: Wire) -> bool:
    try:
        next(tail(wire))
    except grpc.RpcError:
        return False
    return True


def test_a_server_that_stops_sends_followers_to_another_one(transport_name: Any) -> None:
    with InMemoryServer(item_ids=["a"], transport=transport_name) as server:
        wire = Wire(server.address)
        stream = tail(wire)
        next(stream)
    told = refusal(lambda: next(stream))
    assert (told.code, told.reason) == ("UNAVAILABLE", "DRAINING")
    wire.close()
