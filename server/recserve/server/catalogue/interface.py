"""What a catalogue does, whatever keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from recserve.server.schema.values import Features


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One item.

    Attributes:
        item_id: Opaque id.
        features: Its features by name; a missing one is unknown.
        available: Whether it may be recommended now.
    """

    item_id: str
    features: Features = field(default_factory=dict)
    available: bool = True


@dataclass(frozen=True, slots=True)
class UserRecord:
    """One user.

    Attributes:
        user_id: Opaque id.
        features: The user's features by name; a missing one is unknown.
    """

    user_id: str
    features: Features = field(default_factory=dict)


class Catalogue(Protocol):
    """The items and users with their features.

    Methods block, may be called from any thread, and raise `Unavailable` or `Overloaded`
    where the database fails.
    """

    def put_items(self, items: Sequence[ItemRecord], *, keep_existing: bool = False) -> None:
        """Adds items; all or nothing.

        Args:
            items: The items; the last of a repeated one stands.
            keep_existing: Whether to leave items that are there as they are; otherwise they
                are replaced.
        """

    def put_users(self, users: Sequence[UserRecord]) -> None:
        """Adds users, or replaces those that are there; all or nothing."""

    def get_item(self, item_id: str) -> ItemRecord | None:
        """Returns one item, or None."""

    def get_user(self, user_id: str) -> UserRecord | None:
        """Returns one user, or None."""

    def item_ids(self) -> list[str]:
        """Returns the ids of all items, available or not, in the order of the ids."""

    def unavailable_item_ids(self) -> frozenset[str]:
        """Returns the ids of the items that may not be recommended now."""

    def item_count(self) -> int:
        """Returns the number of items, available or not."""

    def revision(self) -> int:
        """Returns a number that grows with every change of the catalogue."""
