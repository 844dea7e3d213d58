"""The stages of the call at work, for its span, if it has one."""

import time
from contextvars import ContextVar

from recserve.server.tracing.contract import CallSpan

current: ContextVar[CallSpan | None] = ContextVar("call_span", default=None)
"""The span of the call at work; None where calls are not traced."""


def is_traced() -> bool:
    """Whether the call at work has a span: what is only said to it need not be put together."""
    return current.get() is not None


def note_stage(
    name: str, seconds: float, *, ago_seconds: float = 0.0, **attributes: str | int
) -> None:
    """Say that a stage of the call at work has ended.

    Args:
        name: Such as "queue".
        seconds: How long it took.
        ago_seconds: How long ago it ended.
        attributes: What else its span says, under "recserve." and the name.
    """
    span = current.get()
    if span is not None:
        end = time.time_ns() - int(ago_seconds * 1e9)
        span.stage(name, end - int(seconds * 1e9), end, attributes)
