"""A catalogue in memory, for tests."""

import threading
from collections.abc import Sequence

from recserve.server.catalogue.interface import ItemRecord, UserRecord


class InMemoryCatalogue:
    """A `Catalogue` that forgets everything when the process ends.

    The lock guards every field.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: dict[str, ItemRecord] = {}
        self._users: dict[str, UserRecord] = {}
        self._revision = 0

    def put_items(self, items: Sequence[ItemRecord], *, keep_existing: bool = False) -> None:
        """See `Catalogue.put_items`."""
        with self._lock:
            kept = self._items if keep_existing else {}
            self._items |= {each.item_id: each for each in items if each.item_id not in kept}
            self._revision += bool(items)

    def put_users(self, users: Sequence[UserRecord]) -> None:
        """See `Catalogue.put_users`."""
        with self._lock:
            self._users.update({user.user_id: user for user in users})
            self._revision += bool(users)

    def get_item(self, item_id: str) -> ItemRecord | None:
        """See `Catalogue.get_item`."""
        with self._lock:
            return self._items.get(item_id)

    def get_user(self, user_id: str) -> UserRecord | None:
        """See `Catalogue.get_user`."""
        with self._lock:
            return self._users.get(user_id)

    def item_ids(self) -> list[str]:
        """See `Catalogue.item_ids`."""
        with self._lock:
            return sorted(self._items)

    def unavailable_item_ids(self) -> frozenset[str]:
        """See `Catalogue.unavailable_item_ids`."""
        with self._lock:
            return frozenset(item.item_id for item in self._items.values() if not item.available)

    def item_count(self) -> int:
        """See `Catalogue.item_count`."""
        with self._lock:
            return len(self._items)

    def revision(self) -> int:
        """See `Catalogue.revision`."""
        with self._lock:
            return self._revision
