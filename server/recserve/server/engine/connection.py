"""The engine's end of a connection from a front end."""

import socket
import threading
from collections.abc import Callable, Iterator

from recserve.server.engine.frames import (
    LENGTH,
    MAX_FRAME_BYTES,
    Arrival,
    FrameError,
    decode_arrival,
)


class Connection:
    """Frames in on a thread of its own; answers out from the thread that computes."""

    def __init__(self, connection: socket.socket, number: int) -> None:
        self.number = number
        self._socket = connection

    def start(self, on_arrival: Callable[["Connection", Arrival], None]) -> None:
        """Begin to read; arrivals reach `on_arrival` on the reading thread."""
        threading.Thread(
            target=self._read, args=(on_arrival,), name=f"reader-{self.number}", daemon=True
        ).start()

    def send(self, frames: bytes) -> None:
        """Send whole frames. Silent if the front end is gone: nobody waits for them."""
        try:
            self._socket.sendall(frames)
        except OSError:
            return

    def _read(self, on_arrival: Callable[["Connection", Arrival], None]) -> None:
        try:
            with self._socket:
                for body in self._bodies():
                    on_arrival(self, decode_arrival(body))
        except (OSError, FrameError):
            return  # a front end that dies or talks nonsense loses its connection, no more

    def _bodies(self) -> Iterator[memoryview]:
        with self._socket.makefile("rb", buffering=1 << 16) as stream:
            while len(head := stream.read(LENGTH.size)) == LENGTH.size:
                (length,) = LENGTH.unpack(head)
                if length > MAX_FRAME_BYTES:
                    raise FrameError(f"a frame of {length} bytes")
                body = stream.read(length)
                if len(body) < length:
                    return
                yield memoryview(body)
