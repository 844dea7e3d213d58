"""What the server knows of one user now."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from sys import intern
from typing import NamedTuple

from recserve.server.event_log.interface import UserHistory
from recserve.server.events import LoggedEvent
from recserve.server.schema import FeatureValue


class PastEvent(NamedTuple):
    """One event of a user's history. Sorts by time, then by position.

    Attributes:
        time: Seconds since 1970-01-01 UTC.
        position: Its place in the log.
        item_id: With what.
        event_type: What.
        value: How much; None for no value.
    """

    time: float
    position: int
    item_id: str
    event_type: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Profile:
    """What the server knows of one user now. Frozen: an update makes another.

    Attributes:
        user_id: The user.
        history: The newest events, oldest first, impressions left out.
        seen: Every item that the user ever acted on; an impression is no act.
        features: The user's features from the catalogue; empty for an unknown user.
        position: The last log position that it reflects.
        views: What model versions make of it, by their number: kept here so that it goes when
            the profile goes.
    """

    user_id: str
    history: tuple[PastEvent, ...] = ()
    seen: frozenset[str] = frozenset()
    features: Mapping[str, FeatureValue] = field(default_factory=dict)
    position: int = 0
    views: dict[int, object] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_known(self) -> bool:
        """Whether anything is known of the user."""
        return bool(self.history or self.features)

    def after(self, logged: Sequence[LoggedEvent], history_length: int) -> "Profile":
        """Returns the profile with more events of its user.

        Args:
            logged: Events that it does not reflect yet, impressions left out, in any order.
            history_length: Most events of a history.
        """
        newer = sorted(map(past_event, logged), key=_order)
        history: Iterable[PastEvent] = (*self.history, *newer)
        if self.history and newer and _order(newer[0]) < _order(self.history[-1]):  # seldom
            history = heapq.merge(self.history, newer, key=_order)
        unseen = [each.item_id for each in newer if each.item_id not in self.seen]
        return Profile(
            user_id=self.user_id,
            history=_newest(history, history_length),
            seen=self.seen.union(unseen) if unseen else self.seen,
            features=self.features,
            position=max(self.position, *(each.position for each in newer)),
        )


def profile_of(user_id: str, history: UserHistory, features: Mapping[str, FeatureValue]) -> Profile:
    """Makes a profile of what log and catalogue know."""
    return Profile(
        user_id=user_id,
        history=tuple(past_event(each) for each in history.events),
        seen=frozenset(intern(item_id) for item_id in history.item_ids),
        features=features,
        position=history.position,
    )


def past_event(logged: LoggedEvent) -> PastEvent:
    """Makes an entry of a history. Ids are interned: users share items."""
    event = logged.event
    item_id, event_type = intern(event.item_id), intern(event.event_type)
    return PastEvent(event.time, logged.position, item_id, event_type, event.value)


def _order(event: PastEvent) -> tuple[float, int]:
    return event.time, event.position


def _newest(events: Iterable[PastEvent], limit: int) -> tuple[PastEvent, ...]:
    kept = tuple(events)
    return kept[len(kept) - min(limit, len(kept)) :]
