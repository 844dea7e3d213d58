"""Structured logs: JSON lines for machines, text for a terminal, always on stderr."""

import logging
import sys
from functools import partial
from typing import Any

import structlog

from recserve.server import request_id

# Local variables stay out of the logs: they hold user ids, requests and keys.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure(*, process: str, level: str, log_format: str) -> None:
    """Set up logging for this process.

    Args:
        process: Which process speaks: "supervisor", "front-end" or "engine".
        level: Least severity, such as "info".
        log_format: "json", "text", or "auto": text where stderr is a terminal.
    """
    text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    renderer: Any = structlog.processors.JSONRenderer()
    if text:
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            partial(_with_origin, process),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if text else [_TRACEBACKS]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries log through the standard module; grpc repeats every error we already map.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    logging.getLogger("grpc").setLevel(logging.CRITICAL)


def settle() -> None:
    """Where nobody has set up logging, say on stderr what is worth a warning, and no more."""
    if not structlog.is_configured():
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        )


def _with_origin(process: str, _logger: Any, _method: str, line: Any) -> Any:
    """Part of structlog's chain: it runs for lines that are written, not for every call.

    The process is not a context variable, because calls that another thread hands over have none of
    the main program's.
    """
    line["process"] = process
    if current := request_id.current.get():
        line["request_id"] = current
    return line


def get(name: str) -> Any:
    """Return a logger whose lines carry `name`."""
    return structlog.get_logger().bind(logger=name)
