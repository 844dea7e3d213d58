"""The profiles of the users who are about, kept up to date."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from recserve.server.catalogue.interface import Catalogue
from recserve.server.event_log.interface import EventLog
from recserve.server.events import LoggedEvent
from recserve.server.profiles.profile import Profile, profile_of
from recserve.server.schema import DeclaredSchema

DEFAULT_HISTORY_LENGTH = 50
DEFAULT_MAX_USERS = 100_000
DEFAULT_MAX_SEEN_ITEMS = 5_000_000


@dataclass(frozen=True, slots=True)
class _Load:
    """A load under way, and the events that arrived while it was."""

    task: "asyncio.Task[Profile]"
    arrived: list[LoggedEvent]


@dataclass(slots=True)
class _Entry:
    """A profile, and the position of the snapshot that it was read from."""

    profile: Profile
    snapshot_position: int

    def update(self, events: Sequence[LoggedEvent], history_length: int) -> int:
        """Brings events that the snapshot did not see; returns how many items are new."""
        unread = [each for each in events if each.position > self.snapshot_position]
        before = len(self.profile.seen)
        if unread:
            self.profile = self.profile.after(unread, history_length)
        return len(self.profile.seen) - before


class Profiles:
    """A view over the log and the catalogue, for the event loop.

    Every method is called on the event loop's thread, which owns all fields; only the read
    of one user's rows runs in the executor. Profiles that were asked for least recently are
    forgotten first; asking again reads them again.

    Args:
        log: The log.
        catalogue: The catalogue.
        schema: Says which event types are impressions, which profiles leave out.
        executor: Runs the blocking reads; its threads bound how many run at once.
        history_length: Most events of a history, at least 0.
        max_users: Most profiles kept, at least 1.
        max_seen_items: Most seen items kept, over all profiles. The profile that was asked
            for last is kept however large it is.
    """

    def __init__(
        self,
        log: EventLog,
        catalogue: Catalogue,
        schema: DeclaredSchema,
        executor: Executor,
        *,
        history_length: int = DEFAULT_HISTORY_LENGTH,
        max_users: int = DEFAULT_MAX_USERS,
        max_seen_items: int = DEFAULT_MAX_SEEN_ITEMS,
    ) -> None:
        self._log = log
        self._catalogue = catalogue
        self._impression_types = schema.impression_types
        self._executor = executor
        self._history_length = history_length
        self._max_users = max_users
        self._max_seen_items = max_seen_items
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._loads: dict[str, _Load] = {}
        self._seen_items = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def seen_items(self) -> int:
        """Seen items kept, over all profiles."""
        return self._seen_items

    def kept(self, user_id: str) -> Profile | None:
        """Returns what is known of a user if it need not be read first; else None."""
        entry = self._entries.get(user_id)
        if entry is None:
            return None
        self._entries.move_to_end(user_id)
        return entry.profile

    async def get(self, user_id: str) -> Profile:
        """Returns what is known of a user, which for an unknown one is nothing.

        Callers that ask for the same user at the same time share one read.

        Raises:
            Unavailable: The database cannot be read.
        """
        profile = self.kept(user_id)
        if profile is not None:
            return profile
        load = self._loads.get(user_id)
        if load is None:
            load = self._loads[user_id] = self._begin_load(user_id)
        return await asyncio.shield(load.task)  # one caller's end is not another's

    def apply(self, logged: Sequence[LoggedEvent]) -> None:
        """Brings new events to the profiles that are kept or being read.

        Each position may come once, in any order (`LogFeed` sees to that); events that a
        profile's own read saw already are passed over.
        """
        by_user: defaultdict[str, list[LoggedEvent]] = defaultdict(list)
        for each in logged:
            if each.event.event_type not in self._impression_types:
                by_user[each.event.user_id].append(each)
        for user_id, events in by_user.items():
            if user_id in self._loads:
                self._loads[user_id].arrived.extend(events)
            elif user_id in self._entries:
                entry = self._entries[user_id]
                self._seen_items += entry.update(events, self._history_length)
        self._evict()

    def set_history_length(self, history_length: int) -> None:
        """Changes the length of the histories, such as for another model version."""
        if history_length != self._history_length:
            self._history_length = history_length
            self.invalidate_all()

    def set_schema(self, schema: DeclaredSchema) -> None:
        """Changes which event types are impressions, such as for another model version."""
        if schema.impression_types != self._impression_types:
            self._impression_types = schema.impression_types
            self.invalidate_all()

    def invalidate_all(self) -> None:
        """Forgets every profile, such as when the catalogue's users have changed.

        Reads under way answer those who wait for them, and are not kept.
        """
        self._entries.clear()
        self._loads.clear()
        self._seen_items = 0

    def invalidate(self, user_ids: Iterable[str]) -> None:
        """Forgets the profiles of some users, such as those whose features have changed.

        Reads under way answer those who wait for them, and are not kept.
        """
        for user_id in user_ids:
            self._loads.pop(user_id, None)
            entry = self._entries.pop(user_id, None)
            if entry is not None:
                self._seen_items -= len(entry.profile.seen)

    def _begin_load(self, user_id: str) -> _Load:
        arrived: list[LoggedEvent] = []
        task = asyncio.get_running_loop().create_task(self._load(user_id, arrived))
        task.add_done_callback(_look_at_failure)
        return _Load(task, arrived)

    async def _load(self, user_id: str, arrived: list[LoggedEvent]) -> Profile:
        work = partial(self._read, user_id, self._history_length, self._impression_types)
        try:
            profile = await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            is_wanted = self._end_load(user_id, arrived)
        entry = _Entry(profile, profile.position)
        entry.update(arrived, self._history_length)
        if is_wanted:
            self._entries[user_id] = entry
            self._seen_items += len(entry.profile.seen)
            self._evict()
        return entry.profile

    def _end_load(self, user_id: str, arrived: list[LoggedEvent]) -> bool:
        """Ends a load; False if everything was forgotten since it began."""
        load = self._loads.get(user_id)
        if load is None or load.arrived is not arrived:
            return False
        del self._loads[user_id]
        return True

    def _read(self, user_id: str, history_length: int, ignored_types: frozenset[str]) -> Profile:
        user = self._catalogue.get_user(user_id)
        history = self._log.history(user_id, history_length, ignored_types=ignored_types)
        return profile_of(user_id, history, user.features if user else {})

    def _evict(self) -> None:
        while len(self._entries) > self._max_users or (
            self._seen_items > self._max_seen_items and len(self._entries) > 1
        ):
            _, entry = self._entries.popitem(last=False)
            self._seen_items -= len(entry.profile.seen)


def _look_at_failure(task: "asyncio.Task[Profile]") -> None:
    """Marks a failure as seen, for when all who waited for it have gone."""
    if not task.cancelled():
        task.exception()
