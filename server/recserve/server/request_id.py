"""The id of a call: the caller's own, or one that is made; the log lines of the call carry it."""

import itertools
import re
import secrets
from collections.abc import Iterable
from contextvars import ContextVar

KEY = "x-request-id"
"""The key in a call's metadata and in its trailers."""
MAX_LENGTH = 128

current: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the call at work; empty outside of calls."""

# Nothing that could break a log line, a header or a shell that somebody pastes it into.
_SANE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._:/+=@-]{{0,{MAX_LENGTH - 1}}}").fullmatch
# A number that no other process has, and a count: drawing chance for every call costs more.
_PREFIX = secrets.token_hex(6)
_counter = itertools.count(1)


def begin(metadata: Iterable[tuple[str, str | bytes]] | None) -> str:
    """Give the call at work its id, and return it.

    Args:
        metadata: What the caller sent along. An id there is taken if it is at most `MAX_LENGTH`
            letters, digits and `._:/+=@-`; anything else is treated as if there were none.
    """
    request_id = _sent(metadata) or f"{_PREFIX}-{next(_counter):x}"
    current.set(request_id)
    return request_id


def _sent(metadata: Iterable[tuple[str, str | bytes]] | None) -> str:
    for key, value in metadata or ():
        if key == KEY:
            return value if isinstance(value, str) and _SANE(value) else ""
    return ""
