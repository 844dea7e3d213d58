"""Where masks have the features of items from."""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from recserve.server import logs
from recserve.server.catalogue.interface import Catalogue
from recserve.server.engine.arrays import Int32Array
from recserve.server.filtering.columns import ItemColumns
from recserve.server.item_table import ItemTable
from recserve.server.schema import FeatureList, Features

RETRY_SECONDS = 1.0
MAX_CHANGED_ITEMS = 5_000
"""So many may have changed since all were read, before all are read again."""
MAX_CHANGES = 32
"""So many are kept apart: a mask that is asked for seldom has them all to catch up with."""
_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True, eq=False)
class Changed:
    """What is known now of items that have changed since all were read."""

    rows: Int32Array
    """Their rows."""
    columns: ItemColumns
    """Their features, in the order of `rows`."""
    row_count: int
    """Items that there are in all."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """What is known of all items."""

    rows: dict[str, int]
    """The row of each; of the catalogue's items those that are new get further rows at the end."""
    columns: ItemColumns
    """The features by row as they were read, with one more row that knows nothing."""
    changes: tuple[Changed, ...] = ()
    """What has changed since, oldest first."""

    def changes_since(self, earlier: "Table") -> tuple[Changed, ...]:
        """What an earlier table of the same columns does not know; perhaps more than that."""
        known = len(earlier.changes)
        if known and (known > len(self.changes) or self.changes[known - 1] != earlier.changes[-1]):
            return self.changes  # they were put together meanwhile
        return self.changes[known:]


_Read = tuple[dict[str, int], ItemColumns]


class ItemSource:
    """The features of the items of a version, or of the catalogue. Belongs to one event loop.

    The catalogue says what is known of an item; the item table does for those of which the
    catalogue knows no feature. They are read when a filter first asks, and again when other
    processes have changed the catalogue: until that is done, what was read before goes on. What
    this process has changed itself is known at once, without reading everything again.

    Args:
        catalogue: What is known of items.
        features: Those of items, as the schema declares them.
        items: Those of the version; None for those of the catalogue.
        executor: Reads.
        on_change: Called when everything was read again.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        features: FeatureList,
        items: ItemTable | None,
        executor: Executor,
        on_change: Callable[[], None],
    ) -> None:
        self.features = features
        self.items = items
        self._catalogue = catalogue
        self._executor = executor
        self._on_change = on_change
        self._current: asyncio.Future[_Read] | None = None
        self._next: asyncio.Future[_Read] | None = None
        self._stale = False
        self._table: Table | None = None
        """What `_current` read, with as many changes as `_known`."""
        self._changes: list[Mapping[str, Features]] = []
        """What this process has changed since `_current` began to read, oldest first."""
        self._known = 0
        self._seen_by_next = 0
        """How many of these `_next` sees."""
        self._changed_items = 0
        """Items of those that it does not see."""
        self._adding: asyncio.Future[None] | None = None

    async def read(self) -> Table:
        """What is known; read at the first call, and without waiting if nothing has changed.

        Raises:
            Unavailable: the catalogue cannot be read.
            ItemTableError: the item table cannot.
        """
        if self._current is None or _has_failed(self._current):
            self._forget_changes(len(self._changes))
            self._current = self._begin()
        while self._table is None or self._known < len(self._changes):
            if self._table is None:
                rows, columns = await asyncio.shield(self._current)
                self._table = self._table or Table(rows, columns)
                continue
            if self._adding is None:
                self._adding = asyncio.ensure_future(self._add(self._table))
            await asyncio.shield(self._adding)
        return self._table

    def change(self, items: Mapping[str, Features]) -> None:
        """Some items are in the catalogue with these features now; another read is not needed."""
        if self._current is None:
            return  # the first read sees it
        self._changes.append(items)
        self._changed_items += len(items)
        if self._changed_items > MAX_CHANGED_ITEMS:
            self.refresh()

    def refresh(self) -> None:
        """The catalogue has changed, and who knows where."""
        if self._current is None:
            return
        if self._next is not None or not self._current.done():
            self._stale = True  # a read is under way, and may not see the change
            return
        self._seen_by_next = len(self._changes)
        self._changed_items = 0
        self._next = self._begin()

    def _begin(self) -> "asyncio.Future[_Read]":
        self._stale = False
        loop = asyncio.get_running_loop()
        reading = loop.run_in_executor(self._executor, self._read)
        reading.add_done_callback(self._end)
        return reading

    def _end(self, read: "asyncio.Future[_Read]") -> None:
        if read is self._next:
            self._next = None
            if _has_failed(read):
                logs.get("filters").warning("the features of before go on", error=str(_why(read)))
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self.refresh)
            else:
                self._current = read
                self._forget_changes(self._seen_by_next)
                self._on_change()
        if self._stale and not _has_failed(read):
            self.refresh()

    def _forget_changes(self, count: int) -> None:
        """Everything was read again, the first so many changes with it."""
        del self._changes[:count]
        self._table = None
        self._known = self._seen_by_next = 0
        self._changed_items = sum(map(len, self._changes))

    async def _add(self, table: Table) -> None:
        """Make what has changed part of the table."""
        changes, known = table.changes, self._known
        if len(changes) >= MAX_CHANGES:
            changes, known = (), 0
        until = len(self._changes)
        items = {
            item_id: known for each in self._changes[known:until] for item_id, known in each.items()
        }
        try:
            changed = await self._changed(table, items)
        finally:
            self._adding = None
        if self._table is table:  # else everything was read again meanwhile
            self._table = replace(table, changes=(*changes, changed))
            self._known = until

    async def _changed(self, table: Table, items: Mapping[str, Features]) -> Changed:
        if self.items is None:
            for item_id in items:
                table.rows.setdefault(item_id, len(table.rows))
        by_row = {table.rows[each]: items[each] for each in items if each in table.rows}
        loop = asyncio.get_running_loop()
        columns = await loop.run_in_executor(self._executor, self._columns_of, by_row)
        return Changed(np.fromiter(by_row, np.int32), columns, len(table.rows))

    def _read(self) -> _Read:
        """On a thread of the executor, which lets the event loop in again and again."""
        if self.items is None:
            ids = self._catalogue.item_ids()
            rows = {item_id: row for row, item_id in enumerate(ids)}
        else:
            rows = self.items.rows
        columns = ItemColumns(self.features, len(rows) + 1)
        unknown = np.ones(len(rows), np.bool_)
        last = ""
        while page := self._catalogue.features_after(last, _ROWS_AT_ONCE):
            for item_id, features in page:
                row = rows.get(item_id)
                if row is not None and features:
                    columns.put(row, features)
                    unknown[row] = False
            last = page[-1][0]
            time.sleep(0)
        rows_unknown = np.flatnonzero(unknown).tolist()
        self._put_table(columns, {row: row for row in rows_unknown})
        return rows, columns

    def _columns_of(self, features_by_row: Mapping[int, Features]) -> ItemColumns:
        """The same for some rows, which it numbers anew."""
        columns = ItemColumns(self.features, len(features_by_row))
        unknown: dict[int, int] = {}
        for at, (row, features) in enumerate(features_by_row.items()):
            if features:
                columns.put(at, features)
            else:
                unknown[row] = at
        self._put_table(columns, unknown)
        return columns

    def _put_table(self, columns: ItemColumns, rows: Mapping[int, int]) -> None:
        """Add what the item table says of some of its rows.

        Args:
            columns: Filled.
            rows: By row of the table, the row of the columns.
        """
        if self.items is None or not rows:
            return
        known = self.items.read_features(self.features)
        if known is None:
            return
        for count, (row, at) in enumerate(rows.items()):
            columns.put(at, known.of(row))
            if count % _ROWS_AT_ONCE == 0:
                time.sleep(0)


def _has_failed(read: "asyncio.Future[_Read]") -> bool:
    return read.done() and (read.cancelled() or read.exception() is not None)


def _why(read: "asyncio.Future[_Read]") -> BaseException | None:
    return None if read.cancelled() else read.exception()
