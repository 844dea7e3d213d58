"""Spans of calls. The caller's own span, named by W3C's `traceparent`, is their parent."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import grpc.aio
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from recserve.server import request_id
from recserve.server.front_end.calls.statuses import status_code
from recserve.server.tracing import stages

_HEADERS = ("traceparent", "tracestate")
_SERVER_FAULTS = frozenset({"INTERNAL", "UNAVAILABLE", "DATA_LOSS", "DEADLINE_EXCEEDED", "UNKNOWN"})
"""Codes that make a server's span an error; a caller's mistake is not one. UNIMPLEMENTED is the
caller's here: an older server is asked for what it does not have."""


class CallSpans:
    """See `CallTracer`.

    Args:
        tracer: Makes the spans.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    def wrap(self, method: str, behaviour: Any) -> Any:
        """See `CallTracer`."""

        async def call(request: Any, context: Any) -> Any:
            with self._span(method, context):
                return await behaviour(request, context)

        return call

    def wrap_stream(self, method: str, behaviour: Any) -> Any:
        """See `CallTracer`."""

        async def call(request: Any, context: Any) -> AsyncIterator[Any]:
            with self._span(method, context):
                async for response in behaviour(request, context):
                    yield response

        return call

    @contextmanager
    def _span(self, method: str, context: Any) -> Iterator[None]:
        _, service, name = method.split("/")
        parent = self._propagator.extract(_headers(context))
        span = self._tracer.start_span(
            f"{service}/{name}",
            context=parent,
            kind=SpanKind.SERVER,
            attributes={
                "rpc.system": "grpc",
                "rpc.service": service,
                "rpc.method": name,
                "recserve.request_id": request_id.current.get(),
            },
        )
        # Not taken back at the end: a call has a context of its own, and a stream that is
        # broken off may end in another.
        stages.current.set(_CallSpan(self._tracer, span) if span.is_recording() else None)
        code = "OK"
        try:
            yield
        except (asyncio.CancelledError, GeneratorExit):
            code = "CANCELLED"
            raise
        except grpc.aio.AbortError:
            ended = context.code()
            code = getattr(ended, "name", str(ended))
            raise
        except Exception as error:
            code = status_code(error).name
            raise
        finally:
            span.set_attribute("rpc.grpc.status_code", _NUMBERS.get(code, 2))
            if code in _SERVER_FAULTS:  # no text: messages may quote what the caller sent
                span.set_status(Status(StatusCode.ERROR, code))
            span.end()


class _CallSpan:
    """See `CallSpan`."""

    __slots__ = ("_tracer", "parent")

    def __init__(self, tracer: Tracer, span: Span) -> None:
        self._tracer = tracer
        self.parent = trace.set_span_in_context(span)

    def stage(
        self, name: str, start_ns: int, end_ns: int, attributes: Mapping[str, str | int]
    ) -> None:
        """See `CallSpan`."""
        span = self._tracer.start_span(
            name,
            context=self.parent,
            start_time=start_ns,
            attributes={f"recserve.{key}": value for key, value in attributes.items()},
        )
        span.end(end_ns)


_NUMBERS = {code.name: code.value[0] for code in grpc.StatusCode}


def _headers(context: Any) -> dict[str, str]:
    sent = context.invocation_metadata() or ()
    return {key: value for key, value in sent if key in _HEADERS and isinstance(value, str)}
