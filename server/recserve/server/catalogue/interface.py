"""What a catalogue does, whatever keeps it."""

from collections.abc import Collection, Sequence
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
        update_time: When it was put, in seconds since 1970; None: nobody wrote it down. Records
            that differ in nothing else are equal.
    """

    item_id: str
    features: Features = field(default_factory=dict)
    available: bool = True
    update_time: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class UserRecord:
    """One user.

    Attributes:
        user_id: Opaque id.
        features: The user's features by name; a missing one is unknown.
        update_time: When it was put, in seconds since 1970; None: nobody wrote it down. Records
            that differ in nothing else are equal.
    """

    user_id: str
    features: Features = field(default_factory=dict)
    update_time: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Put:
    """What became of records that were put.

    Attributes:
        created_count: Records that were new.
        updated_count: Records that were there already; each counts once.
        revision: That of the catalogue which has them, and is theirs alone.
    """

    created_count: int
    updated_count: int
    revision: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of items that were deleted.

    Attributes:
        deleted_count: Items that were there.
        revision: That of the catalogue which lacks them, and is this change's alone.
    """

    deleted_count: int
    revision: int


class Catalogue(Protocol):
    """The items and users with their features.

    Methods block, may be called from any thread, and raise `Unavailable` or `Overloaded`
    where the database fails.
    """

    def put_items(self, items: Sequence[ItemRecord], *, keep_existing: bool = False) -> Put:
        """Adds items; all or nothing.

        Args:
            items: The items; the last of a repeated one stands.
            keep_existing: Whether to leave items that are there as they are, and deleted ones
                deleted; otherwise they are replaced. Those left alone count as updated.
        """

    def put_users(self, users: Sequence[UserRecord]) -> Put:
        """Adds users, or replaces those that are there; all or nothing."""

    def delete_items(self, item_ids: Collection[str]) -> Deleted:
        """Takes items out, and remembers that they may not be recommended; all or nothing.

        An id that the catalogue never had is remembered too: a version may know it from events.
        Putting the item again undoes it.
        """

    def get_item(self, item_id: str) -> ItemRecord | None:
        """Returns one item, or None."""

    def get_user(self, user_id: str) -> UserRecord | None:
        """Returns one user, or None."""

    def item_ids(self) -> list[str]:
        """Returns the ids of all items, available or not, in the order of the ids."""

    def features_after(self, item_id: str, limit: int) -> list[tuple[str, Features]]:
        """Returns the ids and features of the items that follow one in the order of the ids.

        Args:
            item_id: The item; empty: begin with the first.
            limit: Most items at a time.
        """

    def unavailable_item_ids(self) -> frozenset[str]:
        """Returns the ids of the items that may not be recommended now, deleted ones included."""

    def item_count(self) -> int:
        """Returns the number of items, available or not."""

    def revision(self) -> int:
        """Returns a number that grows with every change of the catalogue."""
