"""The front end's end of the connection to an engine process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from recserve.server.engine.contract import (
    BoolArray,
    EngineDeadlineExceeded,
    EngineFailed,
    EngineOverloaded,
    EngineUnavailable,
    Ranking,
    RankingRequest,
)
from recserve.server.engine.frames import (
    EXPIRED,
    FAILED,
    LENGTH,
    MAX_FRAME_BYTES,
    FrameError,
    decode_answer,
    encode_available,
    encode_cancel,
    encode_rank,
)

MAX_UNREAD_BYTES = 32 << 20
"""Requests that the engine has not read: an engine that hangs must not cost endless memory."""


class EngineLink(asyncio.Protocol):
    """An engine in another process, as `engine.contract.Engine`.

    All requests share one Unix socket; answers come back in any order.

    Args:
        max_waiting: Most requests without an answer; more raise EngineOverloaded.
    """

    def __init__(self, max_waiting: int) -> None:
        self._max_waiting = max_waiting
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiting: dict[int, asyncio.Future[Ranking]] = {}
        self._last_id = 0
        self._received = bytearray()
        self._releasing = False
        self.on_lost: Callable[[EngineLink], None] | None = None
        """Called once when the engine has died or was let go."""

    @classmethod
    async def connect(cls, path: Path, max_waiting: int) -> EngineLink:
        """Connect to the engine that listens on a Unix socket.

        Raises:
            EngineUnavailable: nobody listens there.
        """
        loop = asyncio.get_running_loop()
        try:
            _, link = await loop.create_unix_connection(lambda: cls(max_waiting), str(path))
        except OSError as error:
            raise EngineUnavailable(f"no engine answers on {path}") from error
        return link

    @property
    def alive(self) -> bool:
        """Whether the engine is there."""
        return self._transport is not None

    async def rank(self, request: RankingRequest) -> Ranking:
        """Answer one request; see `engine.contract.Engine.rank`."""
        if self._transport is None:
            raise EngineUnavailable("the engine is gone")
        if self._transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            raise EngineUnavailable("the engine reads nothing")
        if len(self._waiting) >= self._max_waiting:
            raise EngineOverloaded(f"{self._max_waiting} requests wait for the engine already")
        if request.deadline <= time.monotonic():
            raise EngineDeadlineExceeded("the deadline has passed")
        self._last_id += 1
        request_id = self._last_id
        frame = encode_rank(request_id, request)
        answer: asyncio.Future[Ranking] = self._loop.create_future()
        self._waiting[request_id] = answer
        self._transport.write(frame)
        try:
            return await answer
        finally:
            if self._waiting.pop(request_id, None) is not None and self._transport is not None:
                self._transport.write(encode_cancel(request_id))
            if self._releasing:
                self.release()

    def set_available(self, available: BoolArray) -> None:
        """Say which rows may be returned at all."""
        if self._transport is not None:
            self._transport.write(encode_available(available))

    def release(self) -> None:
        """Let go of the engine once the calls in flight have their answers."""
        self._releasing = True
        if not self._waiting:
            self.close()

    def close(self) -> None:
        """Let go of the engine now; calls in flight end with EngineUnavailable."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a stream, by construction
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol: complete every answer that has arrived whole."""
        self._received += data
        start, end = 0, len(self._received)
        while end - start >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._received, start)
            if length > MAX_FRAME_BYTES:  # ends the connection: the rest cannot be understood
                raise FrameError(f"an answer of {length} bytes")
            stop = start + LENGTH.size + length
            if stop > end:
                break
            self._complete(bytes(self._received[start + LENGTH.size : stop]))
            start = stop
        del self._received[:start]

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol: the engine has died, or we let go."""
        del exc  # why makes no difference
        self._transport = None
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(EngineUnavailable("the engine died during the call"))
        if self.on_lost is not None:
            self.on_lost(self)

    def _complete(self, body: bytes) -> None:
        kind, request_id, ranking = decode_answer(body)
        answer = self._waiting.pop(request_id, None)
        if answer is None or answer.done():
            return  # cancelled meanwhile
        if ranking is not None:
            answer.set_result(ranking)
        elif kind == EXPIRED:
            answer.set_exception(EngineDeadlineExceeded("the deadline passed in the queue"))
        elif kind == FAILED:
            answer.set_exception(EngineFailed("the engine could not compute this request"))
