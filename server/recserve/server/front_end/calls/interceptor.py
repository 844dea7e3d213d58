"""The interceptor around every method with one request, on any transport.

From the outside in: the call gets its id, errors become statuses, the call is measured, the
request is parsed, the call is traced if anybody wants that. Parsing
is ours because the transport's own would answer malformed bytes with INTERNAL.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from recserve.server import request_id
from recserve.server.errors import InvalidRequest, Unavailable, Violation
from recserve.server.front_end.calls.limit import LIMITED, CallLimit
from recserve.server.front_end.calls.measuring import MeasuredMethod
from recserve.server.front_end.calls.statuses import Status, abort
from recserve.server.tracing import CallTracer

HEALTH = "/grpc.health."


class CallInterceptor:
    """Wraps each method once, when it is registered, and not call by call as gRPC's own do.

    Args:
        limit: Refuses calls while too many are under way.
        tracer: Makes a span of each call; None: calls are not traced, which costs nothing.
    """

    def __init__(self, limit: CallLimit, tracer: CallTracer | None = None) -> None:
        self._limit = limit
        self._tracer = tracer
        self._in_flight = InFlight()

    async def drain(self, patience_seconds: float) -> None:
        """Answer new calls with UNAVAILABLE, and wait for those in flight.

        A transport that is stopped answers calls that it has not begun with CANCELLED, which no
        caller may repeat; this keeps such calls from being there. Health checks go on.
        """
        await self._in_flight.drain(patience_seconds)

    def wrap(self, method: str, handler: Any) -> Any:
        """The handler of a method, wrapped; one that takes a client stream stays as it is."""
        if handler.request_streaming:
            return handler
        measured = MeasuredMethod(method)
        parse = _parser(handler.request_deserializer)
        serialise = _serialiser(handler.response_serializer)
        if handler.response_streaming:
            many = _stream(self._traced(method, handler), measured, parse)
            return grpc.unary_stream_rpc_method_handler(many, response_serializer=serialise)
        around = nullcontext() if method.startswith(HEALTH) else self._in_flight
        behaviour = self._traced(method, handler)
        one = _unary(behaviour, measured, parse, around, self._refusal(method))
        return grpc.unary_unary_rpc_method_handler(one, response_serializer=serialise)

    def _traced(self, method: str, handler: Any) -> Any:
        behaviour = handler.unary_stream if handler.response_streaming else handler.unary_unary
        if self._tracer is None or method.startswith(HEALTH):  # probes would drown the rest
            return behaviour
        if handler.response_streaming:
            return self._tracer.wrap_stream(method, behaviour)
        return self._tracer.wrap(method, behaviour)

    def _refusal(self, method: str) -> Callable[[], Status | None]:
        if method not in LIMITED:
            return lambda: None
        return lambda: self._limit.refusal(method, self._in_flight.count)


class InFlight:
    """The calls that are under way; each is in it as in a `with`."""

    def __init__(self) -> None:
        self.count = 0
        self._draining = False
        self._idle = asyncio.Event()

    async def drain(self, patience_seconds: float) -> None:
        """Let no more in, and wait until all are out, or for so long."""
        self._draining = True
        if self.count:
            try:
                await asyncio.wait_for(self._idle.wait(), patience_seconds)
            except TimeoutError:
                return  # the transport will cut them off

    def __enter__(self) -> None:
        if self._draining:
            raise Unavailable("the server is stopping; ask another one", reason="DRAINING")
        self.count += 1

    def __exit__(self, *_: object) -> None:
        self.count -= 1
        if self._draining and not self.count:
            self._idle.set()


def _unary(
    behaviour: Any,
    measured: MeasuredMethod,
    parse: Callable[[bytes], Any],
    around: AbstractContextManager[None],
    refusal: Callable[[], Status | None],
) -> Any:
    async def call(data: bytes, context: Any) -> Any:
        refused = refusal()
        if refused is not None:
            await context.abort(*refused)
        _begin(context)
        try:
            with measured.call(context), around:
                return await behaviour(parse(data), context)
        except grpc.aio.AbortError:  # a servicer that is not ours has ended the call itself
            raise
        except Exception as error:
            return await abort(context, error)

    return call


def _stream(behaviour: Any, measured: MeasuredMethod, parse: Callable[[bytes], Any]) -> Any:
    async def call(data: bytes, context: Any) -> AsyncIterator[Any]:
        _begin(context)
        try:
            with measured.call(context):
                responses = behaviour(parse(data), context)
                if inspect.isawaitable(responses):  # gRPC's other style: it writes by itself
                    await responses
                    return
                async for response in responses:
                    yield response
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            await abort(context, error)

    return call


def _begin(context: Any) -> None:
    """Give a call its id, which goes back in the trailers; an error's go with it."""
    begun = request_id.begin(context.invocation_metadata())
    context.set_trailing_metadata(((request_id.KEY, begun),))


def _parser(deserialise: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def parse(data: bytes) -> Any:
        try:
            return deserialise(data)
        except DecodeError as error:
            what = "is not a message of the method's type, or has text that is not UTF-8"
            raise InvalidRequest([Violation("request", what)], reason="MALFORMED") from error

    return parse


def _serialiser(serialise: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Serialise a response, unless its servicer has written it already."""

    def write(response: Any) -> bytes:
        return response if isinstance(response, bytes) else serialise(response)

    return write
