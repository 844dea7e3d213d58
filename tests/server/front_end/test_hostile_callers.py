"""Bytes that are no gRPC, and callers by the hundred, do a server no harm."""

import contextlib
import random
import socket
from pathlib import Path
from typing import Any

import grpc
import pytest
from pygrpc_native import EVENT_CALL, EVENT_CANCEL

from recserve.server.front_end.calls import CallLimit
from recserve.server.front_end.transports.native import NativeTransport
from recserve.server.testing import InMemoryServer
from recserve.v1 import recommender_pb2, recommender_pb2_grpc
from server.front_end import raw_http2 as h2
from server.front_end.wire import Wire

REQUEST = recommender_pb2.RecommendRequest(user_id="ann").SerializeToString()
GOOD = h2.headers(1) + h2.data(1, h2.message(REQUEST))

MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "HTTP/1.1": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
    "noise": random.Random(1).randbytes(10_000),  # noqa: S311
    "half a preface": h2.PREFACE[:10],
    "noise after the preface": h2.PREFACE + random.Random(2).randbytes(10_000),  # noqa: S311
    "no settings": h2.PREFACE + GOOD,
    "a frame that is too long": h2.OPENING + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01" + b"\0" * 99,
    "settings cut short": h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0, b"\0\1\0"),
    "headers on stream 0": h2.OPENING + h2.headers(0),
    "headers on an even stream": h2.OPENING + h2.headers(2),
    "headers that are no HPACK": h2.OPENING + h2.frame(h2.HEADERS, h2.END_HEADERS, 1, b"\xff" * 9),
    "data on an idle stream": h2.OPENING + h2.data(7, b"x"),
    "a continuation of nothing": h2.OPENING + h2.frame(h2.CONTINUATION, h2.END_HEADERS, 1),
    "headers without an end": h2.OPENING + h2.headers(1, flags=0) + GOOD,
    "padding beyond the frame": h2.OPENING + h2.frame(h2.DATA, h2.PADDED, 1, b"\xff"),
    "a window that overflows": h2.OPENING + h2.frame(h2.WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"),
    "a ping of another size": h2.OPENING + h2.frame(h2.PING, 0, 0, b"x"),
    "an unknown frame": h2.OPENING + h2.frame(200, 0, 1, b"x") + GOOD,
    "GET": h2.OPENING + h2.headers(1, method="GET", flags=h2.END_HEADERS | h2.END_STREAM),
    "no path": h2.OPENING + h2.headers(1, path=""),
    "a path without a slash": h2.OPENING + h2.headers(1, path="x") + h2.data(1, b""),
    "another content type": h2.OPENING + h2.headers(1, content_type="text/x") + h2.data(1, b""),
    "no content type": h2.OPENING + h2.headers(1, content_type="") + h2.data(1, b""),
    "a timeout that is none": h2.OPENING + h2.headers(1, grpc_timeout="soon") + GOOD[:0],
    "a timeout without end": h2.OPENING + h2.headers(1, grpc_timeout="9" * 50 + "H"),
    "a negative timeout": h2.OPENING + h2.headers(1, grpc_timeout="-1S"),
    "an unknown encoding": h2.OPENING + h2.headers(1, grpc_encoding="zz") + h2.data(1, b"\1"),
    "binary metadata that is none": h2.OPENING + h2.headers(1, x_bin="%%%") + h2.data(1, b""),
    "no message": h2.OPENING + h2.headers(1) + h2.data(1, b""),
    "half a length": h2.OPENING + h2.headers(1) + h2.data(1, b"\0\0\0"),
    "less than its length": h2.OPENING + h2.headers(1) + h2.data(1, h2.message(b"x", length=99)),
    "the largest length": h2.OPENING
    + h2.headers(1)
    + h2.data(1, h2.message(b"", length=2**32 - 1)),
    "more than its length": h2.OPENING + h2.headers(1) + h2.data(1, h2.message(b"xyz", length=1)),
    "two messages": h2.OPENING + h2.headers(1) + h2.data(1, h2.message(REQUEST) * 2),
    "an unknown flag": h2.OPENING + h2.headers(1) + h2.data(1, h2.message(REQUEST, flag=7)),
    "compressed without saying how": h2.OPENING
    + h2.headers(1)
    + h2.data(1, h2.message(REQUEST, flag=1)),
    "no gzip": h2.OPENING
    + h2.headers(1, grpc_encoding="gzip")
    + h2.data(1, h2.message(b"\x1f\x8bx", flag=1)),
    "left in the middle": h2.OPENING + h2.headers(1) + h2.data(1, b"\0\0", flags=0),
    "reset before the end": h2.OPENING + h2.headers(1) + h2.frame(h2.RESET, 0, 1, b"\0\0\0\x08"),
}


def connect(shop: InMemoryServer) -> socket.socket:
    host, _, port = shop.address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def send(shop: InMemoryServer, sent: bytes) -> None:
    """Send the bytes and a ping, and read until the server hangs up."""
    ping = h2.frame(h2.PING, 0, 0, b"are you?")
    with contextlib.suppress(ConnectionError), connect(shop) as caller:
        caller.sendall(sent + ping)
        try:
            caller.shutdown(socket.SHUT_WR)
        except OSError:
            return  # the server has hung up
        while caller.recv(65536):
            pass


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_frames_do_no_harm(shop: InMemoryServer, wire: Wire, what: str) -> None:
    send(shop, MALFORMED[what])
    assert len(wire.recommend(num_results=3, include_seen=True).results) == 3


def test_a_good_call_made_by_hand_is_answered(shop: InMemoryServer) -> None:
    with connect(shop) as caller:
        caller.sendall(h2.OPENING + GOOD)
        received = b""
        while b"\x0a\x01a" not in received:  # the id of the first result
            received += caller.recv(65536)


def test_hundreds_of_idle_connections_are_held(shop: InMemoryServer, wire: Wire) -> None:
    with contextlib.ExitStack() as idle:
        for _ in range(300):
            idle.enter_context(connect(shop)).sendall(h2.OPENING)
        assert len(wire.recommend(num_results=3, include_seen=True).results) == 3


def test_calls_that_are_reset_at_once_by_the_thousand_do_no_harm(
    shop: InMemoryServer, wire: Wire
) -> None:
    calls = b"".join(
        h2.headers(n) + h2.data(n, h2.message(REQUEST)) + h2.frame(h2.RESET, 0, n, b"\0\0\0\x08")
        for n in range(1, 4001, 2)
    )
    send(shop, h2.OPENING + calls)
    # While many calls wait to be forgotten, grpcio drops some new ones by chance, as CANCELLED.
    while _dropped(wire):
        pass


def _dropped(wire: Wire) -> bool:
    try:
        return not wire.recommend(num_results=3, include_seen=True).results
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.CANCELLED:
            raise
        return True


def _there(path: Path) -> bool:
    return path.exists()


async def test_the_native_transport_leaves_nothing_behind() -> None:
    transport = NativeTransport(lambda _server: None, CallLimit())
    await transport.start("127.0.0.1:0")
    assert _there(transport._socket)
    await transport.stop(0)
    assert not _there(transport._socket.parent)
    assert not transport._receiver.is_alive()


async def test_the_native_transport_forgets_a_call_that_was_left_before_it_began() -> None:
    servicer = recommender_pb2_grpc.RecommenderServiceServicer()
    transport = NativeTransport(
        lambda s: recommender_pb2_grpc.add_RecommenderServiceServicer_to_server(servicer, s),
        CallLimit(),
    )
    await transport.start("127.0.0.1:0")
    details: Any = ((), "", None)
    call = (EVENT_CALL, 1 << 40, 0, b"", None, details)
    left = (EVENT_CANCEL, 1 << 40, 0, None, None, None)
    front: Any = transport._front
    events = [transport._look_at(front, call), transport._look_at(front, left)]
    transport._arrived.append([event for event in events if event is not None])
    transport._take(front)
    assert transport._running == {}
    await transport.stop(0)
