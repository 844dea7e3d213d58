"""Spans of calls, for OpenTelemetry; nothing of it is imported unless they are wanted.

Where spans go is the application's to say: this asks OpenTelemetry's API for a tracer, and
without a provider that somebody has set up nothing is recorded.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from recserve.client.errors import MissingDependency, RecserveError

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

Metadata = tuple[tuple[str, str], ...]

_VARIABLES = (
    "OTEL_TRACES_EXPORTER",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
)


class CallSpan:
    """The span of one call, all its attempts together; does nothing without one.

    Args:
        span: OpenTelemetry's, if the call is traced.
    """

    __slots__ = ("_span", "metadata")

    def __init__(self, span: "Span | None" = None) -> None:
        self._span = span
        self.metadata: Metadata = _headers(span) if span is not None else ()
        """What goes with each attempt, so that the server's span is below this one."""

    def failed(self, error: RecserveError) -> None:
        """An attempt has failed."""
        if self._span is not None:
            facts: dict[str, str | int] = {
                "recserve.attempt": error.attempts,
                "recserve.code": error.code,
                "recserve.reason": error.reason,
            }
            self._span.add_event("attempt failed", facts)


class Tracing:
    """Makes the spans of a client.

    Args:
        wanted: Whether; None: if OpenTelemetry's environment variables ask for traces, and its
            API is installed.
        tracer: Makes them. Default: that of the application's provider.

    Raises:
        MissingDependency: They are wanted, and OpenTelemetry's API is not installed.
    """

    def __init__(self, wanted: bool | None = None, tracer: "Tracer | None" = None) -> None:
        if wanted is None:
            asked = any(os.environ.get(name, "none") not in ("", "none") for name in _VARIABLES)
            disabled = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
            wanted = asked and not disabled and _is_installed()
        elif wanted and not _is_installed():
            raise MissingDependency("traces need OpenTelemetry: pip install 'recserve[otel]'")
        self._wanted = wanted
        self._tracer = tracer

    @contextmanager
    def call(self, request: Any) -> Iterator[CallSpan]:
        """The span of a call, while the `with` lasts.

        It is not made the current span: what runs between two steps of an operation is the
        caller's, and must not find itself below it.

        Args:
            request: The request, whose type names the span.
        """
        if not self._wanted:
            yield CallSpan()
            return
        from opentelemetry.trace import SpanKind, Status, StatusCode

        name = type(request).__name__.removesuffix("Request")
        facts = {"rpc.system": "grpc", "rpc.method": name}
        span = self._made_by().start_span(
            f"recserve {name}", kind=SpanKind.CLIENT, attributes=facts
        )
        try:
            yield CallSpan(span)
        except RecserveError as error:
            span.set_attribute("recserve.attempts", error.attempts)
            span.set_status(Status(StatusCode.ERROR, error.reason or error.code))
            raise
        finally:
            span.end()

    def _made_by(self) -> "Tracer":
        if self._tracer is None:
            from opentelemetry import trace

            # Not kept: the application may set its provider up after it has made the client.
            return trace.get_tracer("recserve.client")
        return self._tracer


def _is_installed() -> bool:
    from importlib.util import find_spec

    return find_spec("opentelemetry") is not None and find_spec("opentelemetry.trace") is not None


def _headers(span: "Span") -> Metadata:
    from opentelemetry.trace import set_span_in_context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    headers: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(headers, set_span_in_context(span))
    return tuple(headers.items())
