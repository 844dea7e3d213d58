"""Spans of training runs; one that a call asked for is part of that call's trace."""

from collections.abc import Mapping

from opentelemetry.context import Context
from opentelemetry.trace import Status, StatusCode, Tracer

from recserve.server.tracing import stages


class RunSpans:
    """See `RunTracer`. A run that outlives its server begins a trace of its own.

    Args:
        tracer: Makes the spans.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._parents: dict[str, Context] = {}
        """Of runs that are at work."""

    def began(self, name: str) -> None:
        """See `RunTracer`."""
        span = stages.current.get()
        if span is not None:
            self._parents[name] = span.parent

    def ended(
        self, name: str, start_ns: int, end_ns: int, error: str, attributes: Mapping[str, str | int]
    ) -> None:
        """See `RunTracer`."""
        span = self._tracer.start_span(
            "training run",
            context=self._parents.pop(name, Context()),
            start_time=start_ns,
            attributes={
                "recserve.training_run": name,
                **{f"recserve.{key}": value for key, value in attributes.items()},
            },
        )
        if error:
            span.set_status(Status(StatusCode.ERROR, "the run failed"))
        span.end(end_ns)
