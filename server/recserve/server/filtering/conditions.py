"""What a filter asks of an item. Two-valued: a condition holds or does not hold.

A comparison with a value that is missing does not hold. `NOT` and `!=` are the exact contrary
of what they deny, and so hold where the value is missing.

A condition writes itself in one canonical form: two filters of the same form are the same filter.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, Protocol

import numpy as np

from recserve.server.engine.arrays import BoolArray
from recserve.server.filtering.columns import ItemColumns


class Condition(Protocol):
    """A condition on the features of an item."""

    def mask(self, columns: ItemColumns) -> BoolArray:
        """Which rows of a table of items it holds for."""
        ...


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Condition, ...]

    def mask(self, columns: ItemColumns) -> BoolArray:
        """See `Condition.mask`."""
        return reduce(np.logical_and, (part.mask(columns) for part in self.parts))

    def __str__(self) -> str:
        return f"({' AND '.join(map(str, self.parts))})"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]

    def mask(self, columns: ItemColumns) -> BoolArray:
        """See `Condition.mask`."""
        return reduce(np.logical_or, (part.mask(columns) for part in self.parts))

    def __str__(self) -> str:
        return f"({' OR '.join(map(str, self.parts))})"


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition

    def mask(self, columns: ItemColumns) -> BoolArray:
        """See `Condition.mask`."""
        return np.logical_not(self.part.mask(columns))

    def __str__(self) -> str:
        return f"NOT {self.part}"


_COMPARE: dict[str, Callable[[Any, float], BoolArray]] = {
    "=": np.equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


@dataclass(frozen=True, slots=True)
class NumberIs:
    """A numeric feature compares so with a number."""

    feature: str
    comparator: str
    """One of = < <= > >=."""
    number: float

    def mask(self, columns: ItemColumns) -> BoolArray:
        """See `Condition.mask`."""
        return _COMPARE[self.comparator](columns.numbers(self.feature), self.number)

    def __str__(self) -> str:
        return f"{self.feature} {self.comparator} {self.number!r}"


@dataclass(frozen=True, slots=True)
class TextIs:
    """A categorical feature has this value; a multi-valued one has it among its values."""

    feature: str
    text: str

    def mask(self, columns: ItemColumns) -> BoolArray:
        """See `Condition.mask`."""
        return columns.with_string(self.feature, self.text)

    def __str__(self) -> str:
        return f"{self.feature}:{json.dumps(self.text, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class IsKnown:
    """The feature has a value."""

    feature: str

    def mask(self, columns: ItemColumns) -> BoolArray:
        """See `Condition.mask`."""
        return columns.known(self.feature)

    def __str__(self) -> str:
        return f"{self.feature}:*"
