"""What the catalogue knows: items and users."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from recserve.client.event import FeatureValue


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be recommended."""

    item_id: str
    features: Mapping[str, FeatureValue] = field(default_factory=dict, hash=False)
    """By name, as the schema declares them; a missing one is unknown. A server gives numbers as
    float, moments as seconds since 1970, several texts and vectors as tuples."""
    available: bool = True
    """Whether it may be recommended now."""
    update_time: datetime | None = None
    """When it was last put, in UTC: the server says so, and passes over what is sent."""


@dataclass(frozen=True, slots=True)
class User:
    """One user."""

    user_id: str
    features: Mapping[str, FeatureValue] = field(default_factory=dict, hash=False)
    """By name, as the schema declares them; a missing one is unknown. A server gives numbers as
    float, moments as seconds since 1970, several texts and vectors as tuples."""
    update_time: datetime | None = None
    """When it was last put, in UTC: the server says so, and passes over what is sent."""


@dataclass(frozen=True, slots=True)
class UpsertReceipt:
    """What became of records that were put. They are in every later answer."""

    created_count: int = 0
    """Records that were new."""
    updated_count: int = 0
    """Records that replaced an earlier one, as those of a repeated call do."""

    def __add__(self, other: "UpsertReceipt") -> "UpsertReceipt":
        return UpsertReceipt(
            self.created_count + other.created_count, self.updated_count + other.updated_count
        )
