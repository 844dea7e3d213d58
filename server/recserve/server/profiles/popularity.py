"""How popular each item is, live: what a fallback answers from."""

import asyncio
from bisect import bisect_left, insort
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice

from recserve.server.event_log.interface import EventLog, ItemCounts
from recserve.server.events import LoggedEvent
from recserve.server.schema import DeclaredSchema

_Ranked = tuple[float, str]  # minus the weight and the item id: sorts the best first

MERGE_SHARE = 0.001
"""Changed items, as a share of all, from which one pass beats moving each by itself."""


class Popularity:
    """Weighted counts of the positive events of each item, in order of the counts.

    Every method is called on the event loop's thread. Events only change a number; the
    order is mended when it is next asked for.

    Args:
        schema: Says which events are positive, and their weights.
        counts: The counts to begin with.
        item_ids: Items to rank although nobody wanted them yet, such as the catalogue's.
    """

    def __init__(
        self, schema: DeclaredSchema, counts: ItemCounts, item_ids: Iterable[str] = ()
    ) -> None:
        self._arrived: list[LoggedEvent] | None = None  # during a recount
        self._added = set(item_ids)
        self._begin(schema, counts, self._added)

    def __len__(self) -> int:
        return len(self._weights)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._weights

    def weight(self, item_id: str) -> float:
        """Returns the weighted count of an item's positive events; 0 for an unknown one."""
        return self._weights.get(item_id, 0.0)

    def apply(self, logged: Sequence[LoggedEvent]) -> None:
        """Counts new events. Each position may come once (`LogFeed` sees to that)."""
        if self._arrived is not None:
            self._arrived += logged
        for each in logged:
            event = each.event
            if each.position > self._snapshot_position and self._schema.is_positive(
                event.event_type, event.value
            ):
                self._add(event.item_id, self._schema.weight(event.event_type))

    def add_items(self, item_ids: Iterable[str]) -> None:
        """Ranks further items although nobody wanted them yet."""
        for item_id in item_ids:
            self._added.add(item_id)
            if item_id not in self._weights:
                self._add(item_id, 0.0)

    async def recount(self, schema: DeclaredSchema, log: EventLog) -> None:
        """Counts the log anew by another schema, in a thread; no event is missed meanwhile.

        A recount that is overtaken by a later one changes nothing.

        Raises:
            Unavailable: The log cannot be read; the old counts go on.
        """
        arrived = self._arrived = []
        try:
            counts = await asyncio.to_thread(log.item_counts, schema)
            if self._arrived is arrived:
                self._begin(schema, counts, list(self._weights))
                self._arrived = None  # before `apply`, which would add to it
                self.apply(arrived)
        finally:
            if self._arrived is arrived:
                self._arrived = None

    def top(
        self,
        count: int,
        *,
        excluded: Sequence[Container[str]] = (),
        allowed: Iterable[str] | None = None,
    ) -> list[tuple[str, float]]:
        """Returns the most popular items, best first; ties in the order of their ids.

        Args:
            count: Items wanted, at least 0.
            excluded: Items that are in one of these are left out.
            allowed: Only these items, those that nobody wanted included. None: all.

        Returns:
            Pairs of item id and popularity: its weight as a share of the highest weight of
            all, 0 to 1.
        """
        self._mend()
        highest = -self._order[0][0] if self._order else 0.0
        ranked = (each for each in self._ranked(allowed) if not _in_any(each[1], excluded))
        return [
            (item_id, -negative / highest if highest else 0.0)
            for negative, item_id in islice(ranked, count)
        ]

    def wanted(
        self, least: float, *, excluded: Sequence[Container[str]] = ()
    ) -> Iterator[tuple[str, float]]:
        """Gives the items that were added, and their weights, best first.

        Items that only events name are left out: anybody can name any.

        Args:
            least: Ends before the first item of less weight.
            excluded: Items that are in one of these are left out.
        """
        self._mend()
        for negative, item_id in self._order:
            if -negative < least:
                return
            if item_id in self._added and not _in_any(item_id, excluded):
                yield item_id, -negative

    def _begin(self, schema: DeclaredSchema, counts: ItemCounts, item_ids: Iterable[str]) -> None:
        self._schema = schema
        self._snapshot_position = counts.position
        self._weights = dict.fromkeys(item_ids, 0.0)
        self._weights.update(counts.weights)
        self._order: list[_Ranked] = sorted((-w, item_id) for item_id, w in self._weights.items())
        self._moved: dict[str, float | None] = {}

    def _ranked(self, allowed: Iterable[str] | None) -> Iterator[_Ranked]:
        if allowed is None:
            return iter(self._order)
        return iter(sorted((-self.weight(item_id), item_id) for item_id in set(allowed)))

    def _add(self, item_id: str, weight: float) -> None:
        before = self._weights.get(item_id)
        self._moved.setdefault(item_id, before)
        self._weights[item_id] = (before or 0.0) + weight

    def _mend(self) -> None:
        """Puts the items whose weight has changed where they belong."""
        moved = sorted((-self._weights[item_id], item_id) for item_id in self._moved)
        if len(moved) > MERGE_SHARE * len(self._weights):
            self._order = _with(_without(self._order, self._places_before()), moved)
        else:
            for item_id, before in self._moved.items():
                if before is not None:
                    del self._order[bisect_left(self._order, (-before, item_id))]
            for each in moved:
                insort(self._order, each)
        self._moved.clear()

    def _places_before(self) -> list[int]:
        """Where the moved items stand in the order as it still is."""
        known = ((-old, item_id) for item_id, old in self._moved.items() if old is not None)
        return sorted(bisect_left(self._order, each) for each in known)


def _without(order: list[_Ranked], places: list[int]) -> list[_Ranked]:
    kept: list[_Ranked] = []
    start = 0
    for place in places:
        kept += order[start:place]
        start = place + 1
    return kept + order[start:]


def _with(order: list[_Ranked], further: list[_Ranked]) -> list[_Ranked]:
    merged: list[_Ranked] = []
    start = 0
    for each in further:
        place = bisect_left(order, each, lo=start)
        merged += order[start:place]
        merged.append(each)
        start = place
    return merged + order[start:]


def _in_any(item_id: str, containers: Sequence[Container[str]]) -> bool:
    return any(item_id in container for container in containers)
