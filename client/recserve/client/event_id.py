"""Event ids: idempotency keys that sort by the time at which they were made."""

import os
import threading
import time
from collections.abc import Callable


class EventIds:
    """Makes UUIDs of version 7 (RFC 9562), each greater than the one before.

    The first 48 bits are the time in milliseconds, the next 12 the fraction of it
    (section 6.2, method 3), the rest is random. Keys in the order of time go to the
    end of a database's index, where random ones would touch all of it.

    `_lock` guards `_last`.
    """

    def __init__(
        self,
        time_ns: Callable[[], int] = time.time_ns,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._time_ns = time_ns
        self._random_bytes = random_bytes
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self) -> str:
        """The next id, such as "01929d3c-5b7e-7a31-9c40-6d1f0e8a2b54"."""
        ticks = self._ticks()
        tail = int.from_bytes(self._random_bytes(8)) & (1 << 62) - 1
        number = (ticks >> 12) << 80 | 0x7 << 76 | (ticks & 0xFFF) << 64 | 0b10 << 62 | tail
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _ticks(self) -> int:
        """The time in 1/4096 of a millisecond, later than the last even if clocks go back."""
        with self._lock:
            self._last = max((self._time_ns() << 12) // 1_000_000, self._last + 1)
            return self._last


new_event_id = EventIds()
"""Makes the ids of events that are given none."""
