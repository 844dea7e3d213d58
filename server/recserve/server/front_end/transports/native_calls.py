"""Calls of the native transport: a handler's context, and what runs the handler."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any, NoReturn

import grpc
import grpc.aio
from pygrpc_native import STREAM_CLOSED, STREAM_FULL, NativeGrpcFront

from recserve.server import logs
from recserve.server.front_end.transports.contract import MAX_MESSAGE_BYTES

Metadata = Sequence[tuple[str, str | bytes]]

_FULL_SECONDS = 0.05
"""Between attempts to send to a caller who does not read. A thread that waits would be held up."""


class NativeContext:
    """What servicers and interceptors use of grpc.aio.ServicerContext, for one call."""

    __slots__ = ("_code", "_deadline", "_metadata", "_peer", "message", "trailers")

    def __init__(self, metadata: Metadata, peer: str, seconds: float | None) -> None:
        self._metadata = metadata
        self._peer = peer
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._code: grpc.StatusCode | None = None
        self.message = ""
        self.trailers: Metadata = ()

    def invocation_metadata(self) -> Metadata:
        """What the caller sent along: pairs of a key and a value."""
        return self._metadata

    def peer(self) -> str:
        """The caller's address."""
        return self._peer

    def time_remaining(self) -> float | None:
        """Seconds until the deadline, at least 0; None without one."""
        if self._deadline is None:
            return None
        return max(0.0, self._deadline - time.monotonic())

    def code(self) -> grpc.StatusCode | None:
        """The code that was set, if any."""
        return self._code

    def set_code(self, code: grpc.StatusCode) -> None:
        """Say how the call ends. Generated code does this for what it leaves open."""
        self._code = code

    def set_details(self, details: str) -> None:
        """Say why in words."""
        self.message = details

    def set_trailing_metadata(self, trailing_metadata: Metadata) -> None:
        """Say what goes back after the answer."""
        self.trailers = trailing_metadata

    def check(self) -> None:
        """Raise AbortError if the handler has set a code that is not OK, and returned."""
        if self._code is not None and self._code is not grpc.StatusCode.OK:
            raise grpc.aio.AbortError

    async def abort(
        self, code: grpc.StatusCode, details: str = "", trailing_metadata: Metadata = ()
    ) -> NoReturn:
        """End the call with a status."""
        self._code, self.message, self.trailers = code, details, trailing_metadata
        raise grpc.aio.AbortError("Locally aborted.")


class NativeMethod:
    """A method that the native front serves.

    Args:
        front: Where its calls come from.
        path: "/package.Service/Method".
        handler: The handler, wrapped by the interceptor, which parses.
    """

    def __init__(self, front: NativeGrpcFront, path: str, handler: Any) -> None:
        self.path = path
        self.streaming = bool(handler.response_streaming)
        self._front = front
        self._serialise: Callable[[Any], bytes] = handler.response_serializer
        self._one: Callable[[bytes, NativeContext], Coroutine[Any, Any, Any]] = handler.unary_unary
        self._many: Callable[[bytes, NativeContext], AsyncIterator[Any]] = handler.unary_stream

    async def answer(self, call_id: int, data: bytes, context: NativeContext) -> None:
        """Run the handler and send what it returns, or its status."""
        try:
            if len(data) > MAX_MESSAGE_BYTES:
                self._refuse_size(call_id, len(data))
            elif self.streaming:
                await self._stream(call_id, data, context)
            else:
                response = await self._one(data, context)
                context.check()
                answer = self._serialise(response)
                self._front.respond(call_id, answer, trailing_metadata=list(context.trailers))
        except asyncio.CancelledError:
            # The caller is gone, or the transport tells it; a handler may also cancel itself.
            fail(self._front, call_id, grpc.StatusCode.CANCELLED, "the call was cancelled")
            raise
        except grpc.aio.AbortError:
            code = context.code()
            if code is None or code is grpc.StatusCode.OK:
                code = grpc.StatusCode.UNKNOWN
            fail(self._front, call_id, code, context.message, context.trailers)
        except Exception as error:  # the interceptor lets none through but those of our own
            logs.get("calls").error("unexpected exception", exc_info=error)
            fail(self._front, call_id, grpc.StatusCode.INTERNAL, "the answer could not be sent")

    async def _stream(self, call_id: int, data: bytes, context: NativeContext) -> None:
        responses = self._many(data, context)
        try:
            async for response in responses:
                message = self._serialise(response)
                if not await self._send(call_id, message):
                    return
        finally:
            await responses.aclose()  # type: ignore[attr-defined]  # it is a generator
        context.check()
        self._front.stream_end(call_id, trailing_metadata=list(context.trailers))

    async def _send(self, call_id: int, message: bytes) -> bool:
        """Send a message of a stream; return whether the caller is still there."""
        while True:
            sent = self._front.stream_try_send(call_id, message)
            if sent != STREAM_FULL:
                return sent != STREAM_CLOSED
            await asyncio.sleep(_FULL_SECONDS)  # the front tells nobody when there is room

    def _refuse_size(self, call_id: int, size: int) -> None:
        message = f"SERVER: Received message larger than max ({size} vs. {MAX_MESSAGE_BYTES})"
        fail(self._front, call_id, grpc.StatusCode.RESOURCE_EXHAUSTED, message)


def fail(
    front: NativeGrpcFront,
    call_id: int,
    code: grpc.StatusCode,
    message: str,
    trailers: Metadata = (),
) -> None:
    """End a call with a status; nothing happens if it has ended."""
    front.fail(call_id, code.value[0], message, trailing_metadata=list(trailers))
