"""Waiting for what another thread of the server brings about; it has no way to tell us."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 30.0


def eventually(holds: Callable[[], Any], what: str) -> Any:
    """Return the value once it is true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (value := holds()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:.0f} s: {what}"
        time.sleep(0.01)
    return value
