"""What the server asks of whoever makes its spans."""

from collections.abc import Mapping
from typing import Any, Protocol


class CallTracer(Protocol):
    """Makes a span of each call of the methods that it wraps."""

    def wrap(self, method: str, behaviour: Any) -> Any:
        """The handler of a method with one answer, "/package.Service/Method", traced."""

    def wrap_stream(self, method: str, behaviour: Any) -> Any:
        """The handler of a method that answers with a stream, traced."""


class RunTracer(Protocol):
    """Makes a span of each training run."""

    def began(self, name: str) -> None:
        """A run begins; called where the call that asked for it is at work."""

    def ended(
        self, name: str, start_ns: int, end_ns: int, error: str, attributes: Mapping[str, str | int]
    ) -> None:
        """A run has ended.

        Args:
            name: The run's.
            start_ns: When it began, in nanoseconds since the Unix epoch.
            end_ns: When it ended, likewise.
            error: Why it failed; empty if it did not.
            attributes: What else the span says.
        """


class CallSpan(Protocol):
    """The span of the call at work."""

    @property
    def parent(self) -> Any:
        """What OpenTelemetry takes as the context of spans below this one."""

    def stage(
        self, name: str, start_ns: int, end_ns: int, attributes: Mapping[str, str | int]
    ) -> None:
        """Add a part of the call as a span of its own; times are as in `RunTracer.ended`."""
