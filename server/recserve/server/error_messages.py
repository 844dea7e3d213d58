"""Errors of the domain as messages, so that they can cross from one process to another."""

from typing import Any

from recserve.server.errors import (
    Aborted,
    FailedPrecondition,
    NotFound,
    RecserveServerError,
    Unavailable,
)

_TYPES = {kind.__name__: kind for kind in (Aborted, FailedPrecondition, NotFound, Unavailable)}
"""Those that cross; any other one arrives as an unexpected exception."""


def error_to_message(error: Exception) -> dict[str, Any]:
    """Write an error as plain values."""
    if not isinstance(error, RecserveServerError):
        return {"type": type(error).__name__, "message": str(error)}
    return {
        "type": type(error).__name__,
        "message": error.message,
        "reason": error.reason,
        "metadata": error.metadata,
    }


def error_from_message(message: dict[str, Any]) -> Exception:
    """Read what `error_to_message` wrote."""
    kind = _TYPES.get(message["type"])
    if kind is None:
        return RuntimeError(f"{message['type']}: {message['message']}")
    return kind(message["message"], reason=message["reason"], metadata=message["metadata"])
