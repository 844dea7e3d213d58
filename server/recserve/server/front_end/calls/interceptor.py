"""The interceptor around every method with one request, on any transport.

From the outside in: errors become statuses, the call is measured, the request is parsed. Parsing
is ours because the transport's own would answer malformed bytes with INTERNAL.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from recserve.server.errors import InvalidRequest, Violation
from recserve.server.front_end.calls.measuring import MeasuredMethod
from recserve.server.front_end.calls.statuses import abort


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Wraps each method once; unknown methods and client streams pass untouched."""

    def __init__(self) -> None:
        self._wrapped: dict[str, Any] = {}

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any
    ) -> Any:
        """Part of grpc.aio.ServerInterceptor."""
        method = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is None:
            handler = await continuation(handler_call_details)
            if handler is None or handler.request_streaming:
                return handler
            wrapped = self._wrapped[method] = _wrap(method, handler)
        return wrapped


def _wrap(method: str, handler: Any) -> Any:
    measured = MeasuredMethod(method)
    parse = _parser(handler.request_deserializer)
    serialise = handler.response_serializer
    if handler.response_streaming:
        many = _stream(handler.unary_stream, measured, parse)
        return grpc.unary_stream_rpc_method_handler(many, response_serializer=serialise)
    one = _unary(handler.unary_unary, measured, parse)
    return grpc.unary_unary_rpc_method_handler(one, response_serializer=serialise)


def _unary(behaviour: Any, measured: MeasuredMethod, parse: Callable[[bytes], Any]) -> Any:
    async def call(data: bytes, context: Any) -> Any:
        try:
            with measured.call(context):
                return await behaviour(parse(data), context)
        except grpc.aio.AbortError:  # a servicer that is not ours has ended the call itself
            raise
        except Exception as error:
            return await abort(context, error)

    return call


def _stream(behaviour: Any, measured: MeasuredMethod, parse: Callable[[bytes], Any]) -> Any:
    async def call(data: bytes, context: Any) -> AsyncIterator[Any]:
        try:
            with measured.call(context):
                async for response in behaviour(parse(data), context):
                    yield response
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            await abort(context, error)

    return call


def _parser(deserialise: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def parse(data: bytes) -> Any:
        try:
            return deserialise(data)
        except DecodeError as error:
            what = "is not a message of the method's type, or has text that is not UTF-8"
            raise InvalidRequest([Violation("request", what)], reason="MALFORMED") from error

    return parse
