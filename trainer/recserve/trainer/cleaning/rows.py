"""The kept rows of the interactions as compact columns, gathered piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from recserve.trainer.cleaning.codes import Codes
from recserve.trainer.cleaning.columns import Columns
from recserve.trainer.cleaning.features import numeric_block
from recserve.trainer.cleaning.ledger import MOST_EXAMPLES, Ledger
from recserve.trainer.tables import Bools, Floats, Ints, Strings

READ = ("_type", "_value", "_missing", "_time")
"""What reading adds to the columns of the data."""


@dataclass(frozen=True)
class Rows:
    """Rows in the order of the file: some 30 bytes each, and 4 for each feature."""

    number: Ints
    """int64 `[n]`: the row's number in the file, from 0."""
    user: Ints
    """int32 `[n]`, index into `Gathered.user_ids`."""
    item: Ints
    """int32 `[n]`, index into `Gathered.item_ids`."""
    type: Ints
    """int8 `[n]`, index of the event type."""
    value: Floats
    """float32 `[n]`; NaN where missing."""
    time: Floats
    """float64 `[n]`; NaN where there are no times."""
    fingerprint: Ints
    """uint64 `[n]`: a hash of all cells; `[0]` where times tell events apart."""
    candidate: Floats
    """float32 `[n, P]`: features of the pair."""
    context: Ints
    """int32 `[n, C]`: cells of features of the moment, indices into `Gathered.context_cells`."""

    def __len__(self) -> int:
        return len(self.user)

    def without(self, dropped: Bools) -> Self:
        """The other rows."""
        taken = {
            field.name: column[~dropped]
            for field in fields(self)
            if len(column := getattr(self, field.name)) == len(self)
        }
        return replace(self, **taken)


@dataclass(frozen=True)
class Gathered:
    """The rows, and the strings that their numbers stand for."""

    rows: Rows
    columns: Columns
    user_ids: Strings
    item_ids: Strings
    context_cells: dict[str, Strings]
    """Of each column of a feature of the moment, its distinct cells."""

    def examples(self, rows: Rows, chosen: Bools) -> list[str]:
        """A few of the chosen rows as text, without user ids."""
        at = np.flatnonzero(chosen)[:MOST_EXAMPLES]
        return [
            f"row {number + 1}: {self.columns.item}={self.item_ids[item]!r}"
            for number, item in zip(rows.number[at], rows.item[at], strict=True)
        ]

    def context(self, rows: Rows) -> pd.DataFrame:
        """The text of the features of the moment; its index is the row's number."""
        cells = {
            column: strings[rows.context[:, index]]
            for index, (column, strings) in enumerate(self.context_cells.items())
        }
        return pd.DataFrame(cells, index=rows.number, dtype=object)


class Gathering:
    """Takes pieces, and gives what is left of them.

    Args:
        columns: Where ids and times are.
        candidate: Columns of features of the pair.
        context: Columns of features of the moment.
    """

    def __init__(self, columns: Columns, candidate: list[str], context: list[str]) -> None:
        self._columns = columns
        self._candidate = candidate
        self._users = Codes()
        self._items = Codes()
        self._context = {column: Codes() for column in context}
        self._parts: list[Rows] = []

    def add(self, kept: pd.DataFrame, ledger: Ledger) -> Rows:
        """Adds the kept rows of a piece.

        Returns:
            These rows as numbers.
        """
        count = len(kept)
        context = [codes.encode(kept[column]) for column, codes in self._context.items()]
        part = Rows(
            number=kept.index.to_numpy(np.int64),
            user=self._users.encode(kept[self._columns.user]),
            item=self._items.encode(kept[self._columns.item]),
            type=kept["_type"].to_numpy(np.int8),
            value=kept["_value"].to_numpy(np.float32),
            time=kept["_time"].to_numpy(np.float64),
            fingerprint=self._fingerprint(kept),
            candidate=numeric_block(kept, self._candidate, ledger),
            context=np.stack(context, axis=1) if context else np.zeros((count, 0), np.int32),
        )
        self._parts.append(part)
        return part

    def finish(self) -> Gathered:
        """All rows."""
        columns: dict[str, Any] = {}
        for field in fields(Rows):
            columns[field.name] = np.concatenate(
                [getattr(part, field.name) for part in self._parts]
            )
        self._parts.clear()
        return Gathered(
            Rows(**columns),
            self._columns,
            self._users.strings,
            self._items.strings,
            {column: codes.strings for column, codes in self._context.items()},
        )

    def _fingerprint(self, kept: pd.DataFrame) -> Ints:
        if self._columns.time is not None:
            return np.zeros(0, np.uint64)
        own = [column for column in kept.columns if column not in READ]
        return pd.util.hash_pandas_object(kept[own], index=False).to_numpy(np.uint64)
