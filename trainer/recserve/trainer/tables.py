"""The cleaned data as arrays: what every later stage works on."""

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from recserve.trainer.feature_layout import FeatureLayout

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]
Bools = npt.NDArray[np.bool_]
Strings = npt.NDArray[np.object_]


@dataclass(frozen=True)
class FeatureTable:
    """Raw feature values of `n` things, in the order that the layout gives."""

    numeric: Floats
    """float32 `[n, layout.numbers]`: numbers, times in days since 1970, vectors; NaN where
    missing."""
    categorical: Strings
    """str `[n, layout.strings]`: categories, texts; empty where missing."""
    multi_valued: Strings
    """str `[n, multi-valued features, M]`; padded with empty strings."""
    layout: FeatureLayout
    """Which columns hold what."""

    def take(self, rows: Ints) -> Self:
        """The features of these rows."""
        return replace(
            self,
            numeric=self.numeric[rows],
            categorical=self.categorical[rows],
            multi_valued=self.multi_valued[rows],
        )

    def __len__(self) -> int:
        return len(self.numeric)


@dataclass(frozen=True)
class Events:
    """Events sorted by user, then time, then their order in the data."""

    user: Ints
    """int32 `[n]`, index of the user."""
    item: Ints
    """int32 `[n]`, row of the item."""
    type: Ints
    """int32 `[n]`, index of the event type."""
    value: Floats
    """float32 `[n]`; NaN where missing."""
    time: Floats
    """float64 `[n]`: seconds since 1970, or the position in the user's history, or NaN."""
    positive: Bools
    """`[n]`: whether the user wanted the item."""
    weight: Floats
    """float32 `[n]`: how much the event counts."""
    candidate: Floats
    """float32 `[n, P]`: features of the (user, item) pair."""
    context: FeatureTable
    """Features of the moment."""
    row: Ints
    """int64 `[n]`, the row of the interactions that it stood in, from 0."""

    def __len__(self) -> int:
        return len(self.user)

    def take(self, chosen: Ints | Bools) -> Self:
        """These events, in their order."""
        rows: Ints = np.arange(len(self))[chosen]
        values: dict[str, Any] = {}
        for field in fields(self):
            column = getattr(self, field.name)
            values[field.name] = (
                column.take(rows) if isinstance(column, FeatureTable) else column[rows]
            )
        return type(self)(**values)


@dataclass(frozen=True)
class Tables:
    """A cleaned dataset."""

    events: Events
    item_ids: Strings
    """str `[N]`."""
    item_features: FeatureTable
    user_ids: Strings
    """str `[users]`. No artefact holds them."""
    user_features: FeatureTable
    clock: bool
    """Whether times of different users can be compared."""
    ordered: bool
    """Whether events have an order within each user."""

    @property
    def user_count(self) -> int:
        """Users known."""
        return len(self.user_ids)

    @property
    def item_count(self) -> int:
        """Items known."""
        return len(self.item_ids)

    def most_popular_first(self, by: Events) -> Self:
        """The same data with the items in the order of their popularity, then of their ids.

        So a row does not depend on the order of the files, and finding the best of all items is
        quicker: scores fall along the rows, and what comes late is mostly passed over.

        Args:
            by: The events that count. Never those held out: the order, too, breaks ties.
        """
        counts = popularity(by, self.item_count)
        order = np.lexsort((self.item_ids.astype(str), -counts))
        row = np.empty(len(order), np.int32)
        row[order] = np.arange(len(order))
        return replace(
            self,
            events=replace(self.events, item=row[self.events.item]),
            item_ids=self.item_ids[order],
            item_features=self.item_features.take(order),
        )


def popularity(events: Events, item_count: int) -> Floats:
    """Weighted count of positive events of each item, float32 `[item_count]`."""
    weights = np.where(events.positive, events.weight, 0.0)
    return np.bincount(events.item, weights, minlength=item_count).astype(np.float32)
