"""The engine's end of a connection from a front end."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable

from recserve.server.engine.frames import Arrival, FrameBuffer, FrameError, decode_arrival

READ_BYTES = 1 << 18
SEND_SECONDS = 5
"""A front end that reads nothing for so long has hung: it must not hold up the engine."""


class Connection:
    """Frames in on a thread of its own; answers out from the thread that computes."""

    def __init__(self, connection: socket.socket, number: int) -> None:
        self.number = number
        self._socket = connection
        limit = struct.pack("ll", SEND_SECONDS, 0)  # a timeval
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)

    def start(
        self,
        on_arrivals: Callable[["Connection", list[Arrival]], None],
        on_end: Callable[["Connection"], None],
    ) -> None:
        """Begin to read.

        Args:
            on_arrivals: Called on the reading thread with what arrived together.
            on_end: Called there when the front end has gone.
        """
        threading.Thread(
            target=self._read,
            args=(on_arrivals, on_end),
            name=f"reader-{self.number}",
            daemon=True,
        ).start()

    def send(self, frames: bytes) -> None:
        """Send whole frames. A front end that does not take them loses its connection."""
        try:
            self._socket.sendall(frames)
        except OSError:
            self._hang_up()

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):  # it is gone already
            self._socket.shutdown(socket.SHUT_RDWR)

    def _read(
        self,
        on_arrivals: Callable[["Connection", list[Arrival]], None],
        on_end: Callable[["Connection"], None],
    ) -> None:
        buffer = FrameBuffer()
        try:
            with self._socket:
                while data := self._socket.recv(READ_BYTES):
                    if bodies := buffer.feed(data):
                        on_arrivals(self, [decode_arrival(body) for body in bodies])
        except (OSError, FrameError):
            pass  # a front end that dies or talks nonsense loses its connection, no more
        finally:
            on_end(self)
