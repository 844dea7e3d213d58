"""The line between the supervisor and a child: JSON lines over an inherited socket.

It is also the child's lifeline. The supervisor holds the only other end, so when it dies,
even by kill -9, the child reads the end of the stream and ends too.
"""

import asyncio
import json
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]
MAX_LINE_BYTES = 16 << 20


class ChildControl:
    """The child's end. A daemon thread reads; any thread may send."""

    def __init__(self, descriptor: int, on_message: Callable[[Message], None]) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.set_inheritable(False)
        self._on_message = on_message
        self._sending = threading.Lock()  # guards writes to the socket: one whole line at a time
        self._reader = threading.Thread(target=self._read, name="control", daemon=True)

    def start(self) -> None:
        """Begin to read. Messages reach `on_message` on the reading thread."""
        self._reader.start()

    def send(self, **message: Any) -> None:
        """Tell the supervisor something. Silent if it is gone: then we are ending."""
        line = json.dumps(message).encode() + b"\n"
        try:
            with self._sending:
                self._socket.sendall(line)
        except OSError:
            return

    def _read(self) -> None:
        try:
            with self._socket.makefile("rb") as lines:
                for line in lines:
                    self._on_message(json.loads(line))
        except (OSError, ValueError):
            pass  # a reset, or half a line of a killed supervisor, is an end like any other
        finally:
            # No clean-up: whatever was acknowledged is durable, and nobody is left to drain for.
            os._exit(1)


class ParentControl:
    """The supervisor's end, on its event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def pair(cls) -> tuple["ParentControl", socket.socket]:
        """Make both ends; the second is for the child to inherit."""
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours, limit=MAX_LINE_BYTES)
        return cls(reader, writer), theirs

    def send(self, **message: Any) -> None:
        """Tell the child something."""
        if not self._writer.is_closing():
            self._writer.write(json.dumps(message).encode() + b"\n")

    async def receive(self) -> Message | None:
        """Return the child's next message, or None when it is gone."""
        try:
            line = await self._reader.readline()
            return json.loads(line) if line else None
        except (ConnectionError, ValueError):  # a reset, or half a line of a killed child
            return None

    def close(self) -> None:
        """Let go: a child that still runs ends."""
        self._writer.close()
