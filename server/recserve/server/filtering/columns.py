"""The features of many items, column by column, as filters read them."""

from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recserve.server.engine.arrays import BoolArray, Float64Array
from recserve.server.schema import FeatureList, Features


class ItemColumns:
    """Features by row. Fill it row by row, then read it; a feature without a value is missing.

    Strings are kept as pairs of a row and the number of a value, so that one look over the pairs
    finds every row with a value.

    Args:
        features: Those of items, as the schema declares them.
        row_count: Items.
    """

    def __init__(self, features: FeatureList, row_count: int) -> None:
        self.row_count = row_count
        numbers = (*features.numeric, *features.timestamps)
        self._numbers = {name: np.full(row_count, np.nan) for name in numbers}
        self._strings = {
            name: _Strings() for name in (*features.categorical, *features.multi_valued)
        }

    def put(self, row: int, features: Features) -> None:
        """Say what is known of one row, once; values of another type than declared are missing."""
        for name, value in features.items():
            if isinstance(value, float):
                if name in self._numbers:
                    self._numbers[name][row] = value
            elif name in self._strings:
                parts = (value,) if isinstance(value, str) else value
                self._strings[name].put(row, [part for part in parts if isinstance(part, str)])

    def numbers(self, feature: str) -> Float64Array:
        """A number, or a time in seconds since 1970; NaN where missing or unknown."""
        found = self._numbers.get(feature)
        return np.full(self.row_count, np.nan) if found is None else found

    def with_string(self, feature: str, text: str) -> BoolArray:
        """The rows that have a string as their value, or among their values."""
        strings = self._strings.get(feature)
        return self._mask(() if strings is None else strings.rows_with(text))

    def known(self, feature: str) -> BoolArray:
        """The rows in which a feature has a value."""
        if feature in self._numbers:
            missing: BoolArray = np.isnan(self._numbers[feature])
            return np.logical_not(missing)
        strings = self._strings.get(feature)
        return self._mask(() if strings is None else strings.rows)

    def _mask(self, rows: Any) -> BoolArray:
        mask = np.zeros(self.row_count, np.bool_)
        mask[np.asarray(rows, np.int64)] = True
        return mask


class _Strings:
    """The values of one feature."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}  # of each value
        self._rows = array("i")
        self._values = array("i")

    def put(self, row: int, texts: Iterable[str]) -> None:
        for text in filter(None, texts):
            self._rows.append(row)
            self._values.append(self._numbers.setdefault(text, len(self._numbers)))

    @property
    def rows(self) -> NDArray[np.int32]:
        return np.frombuffer(self._rows, np.int32)

    def rows_with(self, text: str) -> NDArray[np.int32]:
        number = self._numbers.get(text, -1)
        rows: NDArray[np.int32] = self.rows[np.frombuffer(self._values, np.int32) == number]
        return rows
