"""Which columns say who, what, how much and when."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recserve.trainer.errors import DatasetError
from recserve.trainer.inspection import names
from recserve.trainer.inspection.facts import ColumnFacts

SEQUENCE_SHARE = 0.95
MOST_EVENT_TYPES = 20
EVENT_TYPE = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class Roles:
    """The columns of the interactions file that are no features; None where there is none."""

    user: ColumnFacts
    item: ColumnFacts
    event_type: ColumnFacts | None
    value: ColumnFacts | None
    time: ColumnFacts | None
    sequence: bool
    """Whether the time is a position in the user's history."""
    label: bool
    """Whether the value is 0 or 1."""

    def columns(self) -> set[str]:
        """The names of the columns that have a role."""
        chosen = (self.user, self.item, self.event_type, self.value, self.time)
        return {column.name for column in chosen if column}


def find(columns: Sequence[ColumnFacts], where: str) -> Roles:
    """Finds the roles.

    Raises:
        DatasetError: If no column looks like a user's or an item's id.
    """
    user = _id(columns, names.USERS, "user", where)
    item = _id([c for c in columns if c is not user], names.ITEMS, "item", where)
    rest = [column for column in columns if column not in (user, item)]
    time = _first(rest, names.TIMES, lambda c: is_sequence(c, user) or c.is_time())
    rest = [column for column in rest if column is not time]
    event_type = _first(rest, names.EVENT_TYPES, is_event_type)
    rest = [column for column in rest if column is not event_type]
    label = _first(rest, names.LABELS, is_label)
    value = label or _first(rest, names.VALUES, lambda column: column.numeric)
    return Roles(
        user,
        item,
        event_type,
        value,
        time,
        sequence=time is not None and is_sequence(time, user),
        label=value is not None and is_label(value),
    )


def is_label(column: ColumnFacts) -> bool:
    """Whether the cells are 0 and 1."""
    return column.numeric and set(column.numbers().dropna().unique()) <= {0.0, 1.0}


def is_event_type(column: ColumnFacts) -> bool:
    """Whether the cells are a few words that may name event types, whatever their case."""
    words = column.present.unique()
    return 0 < len(words) <= MOST_EVENT_TYPES and all(
        EVENT_TYPE.fullmatch(word.lower()) for word in words
    )


def is_sequence(column: ColumnFacts, user: ColumnFacts) -> bool:
    """Whether the cells count 1, 2, 3 … (or 0, 1, 2 …) within each user."""
    if not column.whole:
        return False
    table = pd.DataFrame({"user": user.values, "at": column.numbers()}).dropna()
    groups = table.groupby("user")["at"].agg(["min", "max", "nunique", "size"])
    counted = groups["max"] - groups["min"] + 1 == groups["nunique"]
    begins = groups["min"].isin((0.0, 1.0))
    several = bool((groups["size"] > 1).any())
    return several and float((counted & begins).mean()) >= SEQUENCE_SHARE


def _id(
    columns: Iterable[ColumnFacts], words: tuple[str, ...], kind: str, where: str
) -> ColumnFacts:
    columns = list(columns)
    ranks = [names.id_rank(column.name, words) for column in columns]
    if not ranks or min(ranks) == names.NOT_AT_ALL:
        listed = ", ".join(column.name for column in columns)
        raise DatasetError(
            f"{where}: no column looks like the {kind}'s id, among {listed}. Name it {kind}_id, or "
            f'write a schema.toml with {kind}_id_column = "…" under [source]'
        )
    return columns[int(np.argmin(ranks))]


def _first(
    columns: Sequence[ColumnFacts], words: tuple[str, ...], fits: Callable[[ColumnFacts], bool]
) -> ColumnFacts | None:
    """The column of the best name whose content fits."""
    named = [(names.place(column.name, words), column) for column in columns]
    named = [(place, column) for place, column in named if place != names.NOT_AT_ALL]
    named.sort(key=lambda pair: pair[0])
    return next((column for _, column in named if fits(column)), None)
