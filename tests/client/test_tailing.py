"""The event log, followed by both clients and on the command line."""

import json
from datetime import UTC, datetime

import grpc
import pytest
from click.testing import CliRunner

from client.fake_server import Failure, piece_message
from recserve.client import InvalidArgument, PermissionDenied
from recserve.client.command import main
from recserve.v1 import recommender_pb2

AWAY = Failure(grpc.StatusCode.UNAVAILABLE, "the server starts again")


def event(number, **fields):
    message = recommender_pb2.Event(
        event_id=f"e{number}", user_id="ann", item_id=f"i{number}", event_type="click", **fields
    )
    message.event_time.seconds = number
    return message


def told(client, count, **asked):
    tail = client.tail_events(**asked)
    found = [next(tail) for _ in range(count)]
    tail.close()
    return found


def test_events_come_with_their_places_in_the_log(client, server):
    server.events.pieces = [
        piece_message(0),
        piece_message(2, event(1, value=4.5), event(2, recommendation_id="r")),
    ]
    first, second = told(client, 2)
    assert (first.log_position, first.event.item_id, first.event.value) == (1, "i1", 4.5)
    assert first.event.event_time == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert (first.event.event_id, first.event.recommendation) == ("e1", None)
    assert (second.log_position, second.event.value, second.event.recommendation) == (2, None, "r")


def test_what_is_wanted_reaches_the_server(client, server, script):
    server.events.pieces = [piece_message(8, event(8))]
    told(client, 1, after_position=7, event_types=["click"], user_id="ann", item_id="i8")
    (request,) = script.requests["TailEvents"]
    assert (request.after_position, list(request.event_types)) == (7, ["click"])
    assert (request.user_id, request.item_id) == ("ann", "i8")


def test_a_stream_that_breaks_is_taken_up_behind_the_last_event(client, server, script):
    server.events.pieces = [
        AWAY,
        piece_message(5),
        AWAY,
        piece_message(6, event(6)),
        None,
        piece_message(9),
        AWAY,
        piece_message(10, event(10)),
    ]
    assert [each.log_position for each in told(client, 2)] == [6, 10]
    requests = script.requests["TailEvents"]
    assert not requests[0].HasField("after_position"), "from now on"
    assert [request.after_position for request in requests[2:]] == [5, 6, 9]


def test_what_repeating_does_not_help_is_an_error(client, server, script):
    server.events.pieces = [Failure(grpc.StatusCode.INVALID_ARGUMENT, "no such type")]
    with pytest.raises(InvalidArgument, match="no such type"):
        told(client, 1)
    with pytest.raises(PermissionDenied):
        told(client, 1)
    assert len(script.requests["TailEvents"]) == 2


def test_what_is_not_a_list_of_types_is_refused(client):
    with pytest.raises(TypeError, match="event_types"):
        told(client, 1, event_types="click")


def test_the_command_prints_a_line_for_each_event(server):
    server.events.pieces = [piece_message(2, event(1, value=4.5), event(2, recommendation_id="r"))]
    words = ["--server", server.address, "events", "tail", "--limit", "2"]
    done = CliRunner().invoke(main, words)
    assert done.stdout.splitlines() == [
        "        1  1970-01-01 00:00:01 UTC  ann  click 4.5  i1",
        "        2  1970-01-01 00:00:02 UTC  ann  click  i2  [r]",
    ]


def test_the_command_prints_an_object_for_each_event(server, script):
    server.events.pieces = [piece_message(1, event(1, value=4.5))]
    words = ["--server", server.address, "events", "tail", "--after", "0", "--limit", "1", "--json"]
    (line,) = CliRunner().invoke(main, words).stdout.splitlines()
    printed = json.loads(line)
    assert (printed["log_position"], printed["event"]["item_id"]) == (1, "i1")
    assert printed["event"]["event_time"] == "1970-01-01T00:00:01+00:00"
    assert script.requests["TailEvents"][0].HasField("after_position")
