"""Events, and the ids of those that came without one."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from recserve.server.schema.values import FeatureValue

_RANDOM_BYTES = 8
_DRAWN_BYTES = 512 * _RANDOM_BYTES
"""Drawn at once: asking the system lets go of the interpreter, and waits to get it back."""
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""The first of the random digits with the two bits of the variant in front."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a user did with an item at a time, checked and complete.

    Attributes:
        event_id: Idempotency key, 1 to 128 bytes of UTF-8.
        user_id: Who, 1 to 256 bytes of UTF-8.
        item_id: With what, 1 to 256 bytes of UTF-8.
        event_type: What, `[a-z][a-z0-9_]{0,62}`.
        value: How much; finite. None: the event carries no value.
        time: When, in seconds since 1970-01-01 UTC, at least 0.
        recommendation_id: The answer that led to it; empty for none.
        context: Context features by name.
    """

    event_id: str
    user_id: str
    item_id: str
    event_type: str
    value: float | None
    time: float
    recommendation_id: str = ""
    context: Mapping[str, FeatureValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event and its place in the log's commit order.

    Attributes:
        position: 1, 2, 3 … without gaps, in the order of commit.
        event: The event.
    """

    position: int
    event: Event


class EventIds:
    """Makes ids for events that came without one; used on one thread.

    UUIDs of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, 12 bits of the
    fraction below (method 3 of section 6.2), 62 random bits. Ids made later sort later, so
    the index over them grows at its end. Nobody can guess them: a caller who could, would
    use an id first, and another's event would be taken for a duplicate.
    """

    def __init__(self) -> None:
        self._drawn = ""
        """Random digits that have not been used, in hexadecimal."""

    def new(self, now: float, count: int) -> list[str]:
        """Makes ids.

        Args:
            now: Seconds since 1970-01-01 UTC, at least 0.
            count: How many, at least 0.
        """
        if not count:
            return []
        ticks = int(now * 4_096_000)  # 4096 ticks per millisecond
        milliseconds, fraction = divmod(ticks, 4096)
        time = f"{milliseconds & ((1 << 48) - 1):012x}"
        begin = f"{time[:8]}-{time[8:]}-7{fraction:03x}"
        digits = 2 * _RANDOM_BYTES
        drawn = self._draw(digits * count)
        parts = [drawn[at : at + digits] for at in range(0, len(drawn), digits)]
        return [f"{begin}-{_VARIANT[part[0]]}{part[1:4]}-{part[4:]}" for part in parts]

    def _draw(self, digits: int) -> str:
        if len(self._drawn) < digits:
            self._drawn = os.urandom(max(_DRAWN_BYTES, digits // 2)).hex()
        drawn, self._drawn = self._drawn[:digits], self._drawn[digits:]
        return drawn
