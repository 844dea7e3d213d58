"""A catalogue in memory, for tests."""

import threading
from collections.abc import Collection, Sequence
from dataclasses import replace

from recserve.server.catalogue.interface import Deleted, ItemRecord, Put, UserRecord
from recserve.server.schema.values import Features


class InMemoryCatalogue:
    """A `Catalogue` that forgets everything when the process ends.

    The lock guards every field.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: dict[str, ItemRecord] = {}
        self._users: dict[str, UserRecord] = {}
        self._deleted: set[str] = set()
        self._revision = 0

    def put_items(self, items: Sequence[ItemRecord], *, keep_existing: bool = False) -> Put:
        """See `Catalogue.put_items`."""
        with self._lock:
            given = {each.item_id: each for each in items}
            there = len(given.keys() & self._items.keys())
            kept = self._items.keys() | self._deleted if keep_existing else set()
            new = {item_id: item for item_id, item in given.items() if item_id not in kept}
            created = len(new.keys() - self._items.keys())
            self._items |= new
            self._deleted -= new.keys()
            self._revision += bool(items)
            return Put(created, there, self._revision)

    def put_users(self, users: Sequence[UserRecord]) -> Put:
        """See `Catalogue.put_users`."""
        with self._lock:
            given = {user.user_id: user for user in users}
            there = len(given.keys() & self._users.keys())
            self._users |= given
            self._revision += bool(users)
            return Put(len(given) - there, there, self._revision)

    def delete_items(self, item_ids: Collection[str]) -> Deleted:
        """See `Catalogue.delete_items`."""
        with self._lock:
            there = self._items.keys() & set(item_ids)
            for item_id in there:
                del self._items[item_id]
            self._deleted.update(item_ids)
            self._revision += bool(item_ids)
            return Deleted(len(there), self._revision)

    def get_item(self, item_id: str) -> ItemRecord | None:
        """See `Catalogue.get_item`."""
        with self._lock:
            return self._items.get(item_id)

    def get_user(self, user_id: str) -> UserRecord | None:
        """See `Catalogue.get_user`."""
        with self._lock:
            return self._users.get(user_id)

    def erase_user(self, user_id: str) -> int:
        """Erases a user; returns the revision afterwards."""
        with self._lock:
            self._users.pop(user_id, None)
            self._revision += 1
            return self._revision

    def join_users(self, visitor_id: str, user_id: str) -> None:
        """Gives a user without features those of a visitor, who has none then."""
        with self._lock:
            visitor = self._users.pop(visitor_id, None)
            if visitor is not None:
                self._users.setdefault(user_id, replace(visitor, user_id=user_id))

    def item_ids(self) -> list[str]:
        """See `Catalogue.item_ids`."""
        with self._lock:
            return sorted(self._items)

    def features_after(self, item_id: str, limit: int) -> list[tuple[str, Features]]:
        """See `Catalogue.features_after`."""
        with self._lock:
            following = sorted(each for each in self._items if each > item_id)
            return [(each, self._items[each].features) for each in following[:limit]]

    def unavailable_item_ids(self) -> frozenset[str]:
        """See `Catalogue.unavailable_item_ids`."""
        with self._lock:
            kept_back = (item.item_id for item in self._items.values() if not item.available)
            return frozenset(kept_back) | self._deleted

    def item_count(self) -> int:
        """See `Catalogue.item_count`."""
        with self._lock:
            return len(self._items)

    def revision(self) -> int:
        """See `Catalogue.revision`."""
        with self._lock:
            return self._revision
