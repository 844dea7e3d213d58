"""Events, and the ids of those that came without one."""

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from recserve.server.schema.values import FeatureValue


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


def new_event_id(now: float) -> str:
    """Makes an id for an event that came without one.

    A UUID of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, 12 bits of the
    fraction below (method 3 of section 6.2), 62 random bits. Ids made later sort later, so
    the index over them grows at its end.

    Args:
        now: Seconds since 1970-01-01 UTC, at least 0.
    """
    ticks = int(now * 4_096_000)  # 4096 ticks per millisecond
    milliseconds, fraction = divmod(ticks, 4096)
    random_bits = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    number = (milliseconds & ((1 << 48) - 1)) << 80 | 0x7 << 76 | fraction << 64
    return str(uuid.UUID(int=number | 0b10 << 62 | random_bits))
