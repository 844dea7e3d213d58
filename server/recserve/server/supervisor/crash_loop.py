"""Notices that something keeps dying soon after it was ready."""

import time
from collections import deque
from collections.abc import Callable

CRASHES = 5
"""So many deaths within the window are a crash loop."""
WINDOW_SECONDS = 600.0


class CrashLoop:
    """Counts the deaths within a window of time that moves along.

    Args:
        clock: Seconds from any beginning; never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._deaths: deque[float] = deque(maxlen=CRASHES)

    def after_death(self) -> bool:
        """Count a death that happened now; return whether that makes a crash loop."""
        now = self._clock()
        self._deaths.append(now)
        return len(self._deaths) == CRASHES and now - self._deaths[0] < WINDOW_SECONDS

    def forget(self) -> None:
        """Begin anew."""
        self._deaths.clear()
