"""What `feedback` takes and gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from recserve.client.event_id import new_event_id
from recserve.client.recommendation import Answer

FeatureValue: TypeAlias = float | str | datetime | Sequence[str] | Sequence[float]
"""A number, a text, a moment (a datetime with a time zone, or seconds since 1970), several texts,
or a vector: as the schema declares the feature."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a user did with an item at a time.

    The id is made with the event, so sending the same event again stores it once.
    """

    user_id: str
    item_id: str
    event_type: str
    """One of the schema's event types, such as "click"."""
    value: float | None = None
    """How much, such as a rating or an amount."""
    event_time: datetime | float | None = None
    """When: a datetime with a time zone, or seconds since the Unix epoch. None: when
    the server gets it."""
    recommendation: Answer | str | None = None
    """The answer that led to it, or its `recommendation_id`."""
    context: Mapping[str, FeatureValue] = field(default_factory=dict)
    """Context features by name."""
    event_id: str = ""
    """Idempotency key, at most 128 bytes. Empty: one is made, in the order of time."""

    def __post_init__(self) -> None:
        if not self.event_id:
            object.__setattr__(self, "event_id", new_event_id())


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event, and its place in the server's log."""

    log_position: int
    """1, 2, 3 … in the order of commit."""
    event: Event
    """What was stored; `event_time` is a datetime in UTC, `recommendation` an id or None."""


@dataclass(frozen=True, slots=True)
class FeedbackReceipt:
    """What the server did with events. They are durable when it is there."""

    accepted_count: int = 0
    """Events stored now."""
    duplicate_count: int = 0
    """Events that were in the log already, as after a retry."""
    log_position: int = 0
    """The log position after these events."""

    def __add__(self, other: "FeedbackReceipt") -> "FeedbackReceipt":
        return FeedbackReceipt(
            self.accepted_count + other.accepted_count,
            self.duplicate_count + other.duplicate_count,
            max(self.log_position, other.log_position),
        )
