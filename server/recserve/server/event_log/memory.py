"""An event log in memory, for tests."""

import threading
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from recserve.server.event_log.interface import Appended, ItemCounts, UserHistory
from recserve.server.events import Event, LoggedEvent
from recserve.server.schema import DeclaredSchema


class InMemoryEventLog:
    """An `EventLog` that forgets everything when the process ends.

    The lock guards every field; no method blocks while it holds it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[LoggedEvent] = []
        self._last_position = 0
        self._positions: dict[str, int] = {}
        self._by_user: defaultdict[str, list[LoggedEvent]] = defaultdict(list)
        self._users: dict[str, str] = {}
        self._meta: dict[str, str] = {}
        self._commits = 0

    def append_groups(self, groups: Sequence[Sequence[Event]]) -> list[Appended]:
        """See `EventLog.append_groups`."""
        with self._lock:
            appended = [self._append(group) for group in groups]
            self._commits += any(each.accepted for each in appended)
            return appended

    def history(
        self, user_id: str, limit: int, *, ignored_types: Collection[str] = ()
    ) -> UserHistory:
        """See `EventLog.history`."""
        with self._lock:
            logged = list(self._by_user.get(user_id, ()))
            position = self._last_position
        kept = [each for each in logged if each.event.event_type not in ignored_types]
        kept.sort(key=lambda each: (each.event.time, each.position))
        item_ids = frozenset(each.event.item_id for each in kept)
        return UserHistory(tuple(kept[len(kept) - min(limit, len(kept)) :]), item_ids, position)

    def after(self, position: int, limit: int) -> list[LoggedEvent]:
        """See `EventLog.after`."""
        with self._lock:
            start = bisect_right(self._events, position, key=lambda each: each.position)
            return self._events[start : start + limit]

    def last_position(self) -> int:
        """See `EventLog.last_position`."""
        with self._lock:
            return self._last_position

    def item_counts(self, schema: DeclaredSchema) -> ItemCounts:
        """See `EventLog.item_counts`."""
        with self._lock:
            logged, position = list(self._events), self._last_position
        weights: Counter[str] = Counter()
        for event in (each.event for each in logged):
            if schema.is_positive(event.event_type, event.value):
                weights[event.item_id] += schema.weight(event.event_type)  # type: ignore[assignment]
        return ItemCounts(dict(weights), position)

    def meta(self, key: str) -> str | None:
        """See `EventLog.meta`."""
        with self._lock:
            return self._meta.get(key)

    def set_meta(self, key: str, value: str) -> None:
        """See `EventLog.set_meta`."""
        with self._lock:
            self._meta[key] = value
            self._commits += 1

    def settle_meta(self, key: str, value: str) -> str:
        """See `EventLog.settle_meta`."""
        with self._lock:
            self._commits += key not in self._meta
            return self._meta.setdefault(key, value)

    def data_version(self) -> int:
        """See `EventLog.data_version`."""
        with self._lock:
            return self._commits

    def erase_user(self, user_id: str) -> list[LoggedEvent]:
        """Erases the events of a user, and returns them."""
        with self._lock:
            erased = self._by_user.pop(user_id, [])
            self._events = [each for each in self._events if each.event.user_id != user_id]
            for each in erased:
                del self._positions[each.event.event_id]
            self._commits += 1
            return erased

    def user_of(self, visitor_id: str) -> str | None:
        """Who a visitor is, if it is known."""
        with self._lock:
            return self._users.get(visitor_id)

    def ids_of(self, user_id: str) -> list[str]:
        """Every id of the user whom an id means, the given one first."""
        with self._lock:
            user = self._users.get(user_id, user_id)
            visitors = [each for each, known in self._users.items() if known == user]
            return list(dict.fromkeys([user_id, user, *visitors]))

    def join_users(self, visitor_id: str, user_id: str) -> int:
        """Makes events of a visitor, and later ones, a user's; returns how many there were."""
        with self._lock:
            self._events = [_as_user(each, visitor_id, user_id) for each in self._events]
            moved = self._by_user.pop(visitor_id, [])
            self._by_user[user_id] += [_as_user(each, visitor_id, user_id) for each in moved]
            self._users = {
                each: user_id if known == visitor_id else known
                for each, known in self._users.items()
            } | {visitor_id: user_id}
            self._commits += 1
            return len(moved)

    def forget_joins(self, user_ids: Collection[str]) -> None:
        """Forgets who some visitors are."""
        with self._lock:
            for user_id in user_ids:
                self._users.pop(user_id, None)

    def watch(self, on_change: Callable[[], None]) -> None:
        """See `EventLog.watch`: there is no other process."""

    def close(self) -> None:
        """See `EventLog.close`."""

    def _append(self, group: Sequence[Event]) -> Appended:
        accepted: list[LoggedEvent] = []
        log_position = 0
        for given in group:
            user_id = self._users.get(given.user_id)
            event = given if user_id is None else replace(given, user_id=user_id)
            known = self._positions.get(event.event_id)
            if known is None:
                known = self._last_position + 1
                accepted.append(self._store(LoggedEvent(known, event)))
            log_position = max(log_position, known)
        duplicate_count = len(group) - len(accepted)
        return Appended(tuple(accepted), duplicate_count, log_position or self._last_position)

    def _store(self, logged: LoggedEvent) -> LoggedEvent:
        self._last_position = logged.position
        self._events.append(logged)
        self._positions[logged.event.event_id] = logged.position
        self._by_user[logged.event.user_id].append(logged)
        return logged


def _as_user(logged: LoggedEvent, visitor_id: str, user_id: str) -> LoggedEvent:
    if logged.event.user_id != visitor_id:
        return logged
    return LoggedEvent(logged.position, replace(logged.event, user_id=user_id))
