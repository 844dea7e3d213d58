"""The front end's end of the connection to an engine process."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from recserve.server.engine.admission import Admission
from recserve.server.engine.arrays import BoolArray
from recserve.server.engine.contract import (
    EngineDeadlineExceeded,
    EngineFailed,
    EngineUnavailable,
    Ranking,
    RankingRequest,
    RowMask,
)
from recserve.server.engine.frames import (
    EXPIRED,
    FAILED,
    FrameBuffer,
    decode_answer,
    encode_available,
    encode_cancel,
    encode_forget,
    encode_mask,
    encode_request,
)

MAX_UNREAD_BYTES = 32 << 20
"""Requests that the engine has not read: an engine that hangs must not cost endless memory."""
MAX_MASKS = 256
"""Filters that an engine knows for one front end, with a bit for each item."""


class EngineLink(asyncio.Protocol):
    """An engine in another process, as `engine.contract.Engine`.

    All requests share one Unix socket; answers come back in any order. What is sent in one turn of
    the event loop goes out together at its end.

    Args:
        admission: Decides which requests the engine takes.
    """

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiting: dict[int, asyncio.Future[Ranking]] = {}
        self._last_id = 0
        self._received = FrameBuffer()
        self._unsent: list[bytes] = []
        self._masks: OrderedDict[int, None] = OrderedDict()  # those that the engine knows
        self._releasing = False
        self._last_batch_seconds = 0.0
        self.on_lost: Callable[[EngineLink], None] | None = None
        """Called once when the engine has died or was let go."""

    @classmethod
    async def connect(cls, path: Path, admission: Admission) -> EngineLink:
        """Connect to the engine that listens on a Unix socket.

        Raises:
            EngineUnavailable: nobody listens there.
        """
        loop = asyncio.get_running_loop()
        try:
            _, link = await loop.create_unix_connection(lambda: cls(admission), str(path))
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
        self._admission.check(len(self._waiting), request.deadline - time.monotonic())
        self._last_id += 1
        request_id = self._last_id
        frame = encode_request(request_id, request)
        if request.shaping is not None and request.shaping.mask is not None:
            self._tell(request.shaping.mask)
        answer: asyncio.Future[Ranking] = self._loop.create_future()
        self._waiting[request_id] = answer
        self._send(frame)
        timer = None
        if request.deadline != _NEVER:
            timer = self._loop.call_at(request.deadline, _expire, answer)
        try:
            return await answer
        finally:
            if timer is not None:
                timer.cancel()
            if self._waiting.pop(request_id, None) is not None:
                self._send(encode_cancel(request_id))
            if self._releasing:
                self.release()

    def set_available(self, available: BoolArray) -> None:
        """Say which rows may be returned at all."""
        self._send(encode_available(available))

    def _tell(self, mask: RowMask) -> None:
        """Make sure that the engine knows a mask: frames arrive in the order of being sent."""
        number = mask.number
        if number in self._masks:
            self._masks.move_to_end(number)
            return
        self._masks[number] = None
        self._send(encode_mask(mask))
        if len(self._masks) > MAX_MASKS:
            self._send(encode_forget(self._masks.popitem(last=False)[0]))

    def release(self) -> None:
        """Let go of the engine once the calls in flight have their answers."""
        self._releasing = True
        if not self._waiting:
            self.close()

    def close(self) -> None:
        """Let go of the engine now; calls in flight end with EngineUnavailable."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a stream, by construction
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol: complete every answer that has arrived whole."""
        for body in self._received.feed(data):  # a FrameError ends the connection
            self._complete(body)

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

    def _send(self, frame: bytes) -> None:
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(frame)

    def _flush(self) -> None:
        frames, self._unsent = self._unsent, []
        if self._transport is not None:
            self._transport.write(b"".join(frames))

    def _complete(self, body: bytes) -> None:
        kind, request_id, ranking = decode_answer(body)
        if ranking is not None and ranking.inference_seconds != self._last_batch_seconds:
            self._last_batch_seconds = ranking.inference_seconds  # once for a batch is enough
            self._admission.observe(ranking)  # above all if it comes too late
        answer = self._waiting.pop(request_id, None)
        if answer is None or answer.done():
            return  # cancelled meanwhile
        if ranking is not None:
            answer.set_result(ranking)
        elif kind == EXPIRED:
            answer.set_exception(EngineDeadlineExceeded("the deadline passed in the queue"))
        elif kind == FAILED:
            answer.set_exception(EngineFailed("the engine could not compute this request"))


_NEVER = float("inf")


def _expire(answer: asyncio.Future[Ranking]) -> None:
    if not answer.done():
        answer.set_exception(EngineDeadlineExceeded("the deadline passed"))
