"""Histories of users as fixed-length blocks, cut out of the event table without loops."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from recserve.trainer.tables import Bools, Events, Floats, Ints


@dataclass(frozen=True)
class HistoryBlock:
    """Histories as the signatures take them: oldest first, padded at the end."""

    rows: Ints
    """int32 `[B, L]`; -1 where there is no event."""
    types: Ints
    """int32 `[B, L]`; -1 where there is no event."""
    values: Floats
    """float32 `[B, L]`; NaN where missing."""
    ages: Floats
    """float32 `[B, L]`, seconds; NaN where there is no clock or no event."""


class Histories:
    """What each user had done before any moment, over a table of events sorted by user.

    Args:
        events: The table.
        user_count: Users.
        length: Events of a history, the last ones.
        clock: Whether times are a clock's, so that events have ages.
        moments: int `[n]`: for each event, the position before which its history ends. Default:
            its own.
    """

    def __init__(
        self,
        events: Events,
        user_count: int,
        length: int,
        *,
        clock: bool,
        moments: Ints | None = None,
    ) -> None:
        self._moments = np.arange(len(events)) if moments is None else moments
        self._events = events
        self._length = length
        self._clock = clock
        self.starts = np.searchsorted(events.user, np.arange(user_count), "left")
        self.ends = np.searchsorted(events.user, np.arange(user_count), "right")

    def before(self, positions: Ints) -> HistoryBlock:
        """The histories that the events at these positions were preceded by."""
        starts = self.starts[self._events.user[positions]]
        return self.block(starts, self._moments[positions], self._events.time[positions])

    def of_users(self, users: Ints, times: Floats) -> HistoryBlock:
        """The whole histories of users, asked at these times."""
        return self.block(self.starts[users], self.ends[users], times)

    def block(self, starts: Ints, ends: Ints, times: Floats) -> HistoryBlock:
        """The last events of each range of positions [start, end)."""
        first = np.maximum(starts, ends - self._length)
        at = first[:, None] + np.arange(self._length)
        there = at < ends[:, None]
        at = np.where(there, at, 0)
        return HistoryBlock(
            np.where(there, self._take(self._events.item, at), -1).astype(np.int32),
            np.where(there, self._take(self._events.type, at), -1).astype(np.int32),
            np.where(there, self._take(self._events.value, at), np.nan).astype(np.float32),
            self._ages(at, there, times),
        )

    def items_before(self, positions: Ints) -> Ints:
        """Every item each user had before these positions, int32 `[B, E]`, padded with -1."""
        return self._items(self.starts[self._events.user[positions]], self._moments[positions])

    def _items(self, starts: Ints, ends: Ints) -> Ints:
        width = max(1, int((ends - starts).max(initial=0)))
        at = starts[:, None] + np.arange(width)
        there = at < ends[:, None]
        taken = self._take(self._events.item, np.where(there, at, 0))
        return np.where(there, taken, -1).astype(np.int32)

    def _take(self, column: Any, at: Ints) -> Any:
        return column[at] if len(column) else np.zeros(at.shape, column.dtype)

    def _ages(self, at: Ints, there: Bools, times: Floats) -> Floats:
        if not self._clock:
            return np.full(at.shape, np.nan, dtype=np.float32)
        ages = np.maximum(times[:, None] - self._take(self._events.time, at), 0.0)
        return np.where(there, ages, np.nan).astype(np.float32)
