"""What an event log does, whatever keeps it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from recserve.server.database.interface import Watch
from recserve.server.events import Event, LoggedEvent
from recserve.server.schema import DeclaredSchema

SCHEMA_META = "schema"
"""The `meta` key of the imported dataset's schema, as `DeclaredSchema.to_json` writes it."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of one group of events.

    Attributes:
        accepted: The events that were new, with their positions, in the group's order.
        duplicate_count: Events that were not stored, since their id was in the log already
            or earlier in the same call.
        log_position: The position from which on every event of the group is visible,
            duplicates included; for an empty group the log's last position.
    """

    accepted: tuple[LoggedEvent, ...]
    duplicate_count: int
    log_position: int

    @property
    def accepted_count(self) -> int:
        """Events stored now."""
        return len(self.accepted)


@dataclass(frozen=True, slots=True)
class UserHistory:
    """What the log knows of one user, as of one moment.

    Attributes:
        events: The newest events, ordered by (event time, position), oldest first.
        item_ids: Every item of every event of the user, however old.
        position: The log's last position at that moment.
    """

    events: tuple[LoggedEvent, ...]
    item_ids: frozenset[str]
    position: int


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """How often each item was wanted, as of one moment.

    Attributes:
        weights: By item id, the sum of the weights of its positive events, above 0.
        position: The log's last position at that moment.
    """

    weights: Mapping[str, float]
    position: int


class EventLog(Protocol):
    """The durable, ordered record of all events.

    Methods block, may be called from any thread, and raise `Unavailable` or `Overloaded`
    where the database fails. Positions are 1, 2, 3 … in the order of commit, without gaps:
    whoever has seen position n and everything before it misses nothing by going on after n.
    """

    def append_groups(self, groups: Sequence[Sequence[Event]]) -> list[Appended]:
        """Stores groups of events in one transaction; durable when it returns.

        An event whose id is in the log, or earlier in the call, is a duplicate and not
        stored again.

        Raises:
            Overloaded: The database is full (EVENT_LOG_FULL) or held by another writer
                (EVENT_LOG_BUSY). Nothing was stored.
            Unavailable: The database cannot be written (EVENT_LOG_UNAVAILABLE). Nothing was
                stored, unless the very commit failed, which only the disk knows; repeating
                the call is safe either way.
        """

    def history(
        self, user_id: str, limit: int, *, ignored_types: Collection[str] = ()
    ) -> UserHistory:
        """Returns a user's newest events and all their items, read in one snapshot.

        Args:
            user_id: The user; one without events gives an empty history.
            limit: Most events to return, at least 0.
            ignored_types: Event types to leave out, of the items too.
        """

    def after(self, position: int, limit: int) -> list[LoggedEvent]:
        """Returns the first `limit` events behind a position, in commit order."""

    def last_position(self) -> int:
        """Returns the position of the last event; 0 for an empty log."""

    def item_counts(self, schema: DeclaredSchema) -> ItemCounts:
        """Sums the weights of the positive events of each item, over the whole log."""

    def meta(self, key: str) -> str | None:
        """Returns a small value kept beside the log, or None."""

    def set_meta(self, key: str, value: str) -> None:
        """Keeps a small value beside the log."""

    def settle_meta(self, key: str, value: str) -> str:
        """Keeps a value unless there is one already; returns the one that stands."""

    def data_version(self) -> int:
        """Returns a number that differs after something was committed, by any process.

        Cheap: no table is read. Only the comparison with the last number of the same log
        object says anything.
        """

    def watch(self, on_change: Callable[[], None]) -> Watch | None:
        """Calls back soon after another process has committed; None: there is no way to tell.

        See `Database.watch`.
        """

    def close(self) -> None:
        """Lets go of the database. Calling it again does nothing."""
