"""Which items filters let through, kept for the filters that come again.

A mask is exact and is made before retrieval: what finds and ranks items never sees others.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Container, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import compress

import numpy as np

from recserve.server.catalogue.interface import Catalogue
from recserve.server.engine.arrays import BoolArray
from recserve.server.engine.contract import RowMask
from recserve.server.errors import Overloaded
from recserve.server.filtering.conditions import Condition
from recserve.server.filtering.parser import ItemFilter
from recserve.server.filtering.sources import ItemSource, Table
from recserve.server.item_table import ItemTable
from recserve.server.schema import FeatureList, Features

MAX_BYTES = 64 << 20
"""Of masks that are kept, a byte for each item."""
MAX_SOURCES = 4
MAX_MAKING = 64
"""Masks at a time: one goes on being made when those who waited for it have gone."""
"""As many versions are hardly ever served together."""
_FEW = 8  # a share of one in so many


class ItemMask:
    """The items that a filter lets through.

    Args:
        table: What is known of the items.
        allowed: One for each row, and at the end one for items without a row, of which no feature
            is known.
    """

    def __init__(self, table: Table, allowed: BoolArray) -> None:
        self.table = table
        """By this it was made."""
        self._rows = table.rows
        self._allowed = allowed
        self._row_count = len(allowed) - 1
        self.of_rows = RowMask(allowed[:-1])
        """The same for an engine."""

    @property
    def size_bytes(self) -> int:
        """Memory that it takes."""
        return self._allowed.nbytes

    def __contains__(self, item_id: object) -> bool:
        """Whether the filter lets an item through."""
        row = self._rows.get(item_id, -1)  # type: ignore[call-overload]
        # Rows may have come since: the mask knows nothing of their items.
        return bool(self._allowed[row if row < self._row_count else -1])

    def listed(self) -> list[str] | None:
        """The items, if they are few; None if it is cheaper to ask of each."""
        few = np.count_nonzero(self._allowed) * _FEW < len(self._allowed)
        if not few or self._allowed[-1]:
            return None
        return list(compress(self._rows, self._allowed.tolist()))

    def after(self, table: Table, condition: Condition) -> "ItemMask":
        """The mask of the same filter by a table that differs in changes alone.

        Args:
            table: What is known of the items now.
            condition: That of the filter.
        """
        changes = table.changes_since(self.table)
        if not changes:
            return ItemMask(table, self._allowed)
        unknown = self._allowed[-1:]
        new = max((each.row_count for each in changes), default=0) - self._row_count
        allowed = np.concatenate([self._allowed[:-1], np.repeat(unknown, max(0, new)), unknown])
        for each in changes:
            allowed[each.rows] = condition.mask(each.columns)
        return ItemMask(table, allowed)

    @property
    def refused(self) -> Container[str]:
        """The items that it does not let through."""
        return _AllBut(self)


@dataclass(frozen=True, slots=True)
class _AllBut:
    container: Container[str]

    def __contains__(self, item_id: object) -> bool:
        return item_id not in self.container


class FilterMasks:
    """Makes masks, and keeps those that were asked for last. Belongs to one event loop.

    Args:
        catalogue: What is known of items.
        executor: Reads features and computes masks.
        max_bytes: Of the masks that are kept; the newest is kept however large it is.
    """

    def __init__(
        self, catalogue: Catalogue, executor: Executor, *, max_bytes: int = MAX_BYTES
    ) -> None:
        self._catalogue = catalogue
        self._executor = executor
        self._max_bytes = max_bytes
        self._sources: OrderedDict[int, ItemSource] = OrderedDict()
        self._masks: OrderedDict[tuple[int, str], asyncio.Future[ItemMask]] = OrderedDict()
        self._sizes: dict[tuple[int, str], int] = {}
        """In bytes, of those that are made and kept."""
        self._bytes = 0
        self._making = 0

    async def mask(
        self, wanted: ItemFilter, features: FeatureList, items: ItemTable | None, version: int
    ) -> ItemMask:
        """The mask of a filter; without waiting if it is there.

        Args:
            wanted: The filter.
            features: Those of items, as the version's schema declares them.
            items: Those of the version; None for those of the catalogue.
            version: Its number; 0 for none.

        Raises:
            Overloaded: too many masks are being made.
            Unavailable: the catalogue cannot be read.
        """
        source = self._source(features, items, version)
        key = version, wanted.text
        making = self._masks.get(key)
        if making is None:
            if self._making >= MAX_MAKING:
                raise Overloaded(
                    f"{MAX_MAKING} filters are being worked out; try again in a moment, and "
                    "with filters that were asked before where that will do",
                    retry_after_seconds=1.0,
                    reason="FILTERS_BUSY",
                )
            self._making += 1
            making = asyncio.ensure_future(self._make(wanted.condition, source))
            self._masks[key] = making
            making.add_done_callback(partial(self._made, key))
        self._masks.move_to_end(key)
        made = await asyncio.shield(making)  # one caller's end is not another's
        table = await source.read()
        if made.table is table:
            return made
        if made.table.columns is not table.columns:  # all was read again while we waited
            return await self._make(wanted.condition, source)
        return self._caught_up(key, making, table, wanted.condition)

    def change(self, items: Mapping[str, Features]) -> None:
        """Some items are in the catalogue with these features now: every later mask knows it."""
        for source in self._sources.values():
            source.change(items)

    def refresh(self) -> None:
        """The catalogue has changed: read what is kept of it anew."""
        for source in self._sources.values():
            source.refresh()

    def forget(self, version: int) -> None:
        """The version is served no more: let go of its items."""
        self._sources.pop(version, None)
        self._forget(version)

    def _source(self, features: FeatureList, items: ItemTable | None, version: int) -> ItemSource:
        source = self._sources.get(version)
        if source is None or source.items is not items or source.features != features:
            changed = partial(self._forget, version)
            source = ItemSource(self._catalogue, features, items, self._executor, changed)
            self._sources[version] = source
            self._forget(version)
        self._sources.move_to_end(version)
        if len(self._sources) > MAX_SOURCES:
            self._forget(self._sources.popitem(last=False)[0])
        return source

    def _forget(self, version: int) -> None:
        for key in [key for key in self._masks if key[0] == version]:
            self._drop(key)

    async def _make(self, condition: Condition, source: ItemSource) -> ItemMask:
        loop = asyncio.get_running_loop()
        while True:
            columns = (await source.read()).columns
            allowed = await loop.run_in_executor(self._executor, condition.mask, columns)
            table = await source.read()
            if table.columns is columns:
                return ItemMask(replace(table, changes=()), allowed).after(table, condition)

    def _made(self, key: tuple[int, str], made: "asyncio.Future[ItemMask]") -> None:
        self._making -= 1
        failed = made.cancelled() or made.exception() is not None
        if self._masks.get(key) is not made:
            return  # forgotten meanwhile
        if failed:
            del self._masks[key]
            return
        self._sizes[key] = made.result().size_bytes
        self._bytes += self._sizes[key]
        while self._bytes > self._max_bytes and len(self._masks) > 1:
            self._drop(next(iter(self._masks)))

    def _caught_up(
        self,
        key: tuple[int, str],
        behind: "asyncio.Future[ItemMask]",
        table: Table,
        condition: Condition,
    ) -> ItemMask:
        """A mask that knows what has changed, in the place of the one that does not."""
        kept = self._masks.get(key)
        if kept is not None and kept.done() and kept.result().table is table:
            return kept.result()  # another caller was here first
        mask = behind.result().after(table, condition)
        if kept is behind and key in self._sizes:
            made: asyncio.Future[ItemMask] = asyncio.get_running_loop().create_future()
            made.set_result(mask)
            self._masks[key] = made
            self._bytes += mask.size_bytes - self._sizes[key]
            self._sizes[key] = mask.size_bytes
        return mask

    def _drop(self, key: tuple[int, str]) -> None:
        del self._masks[key]
        self._bytes -= self._sizes.pop(key, 0)
