"""Which columns say who, what, how much and when."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from recserve.trainer.errors import DatasetError
from recserve.trainer.event_type_name import NAME, spelled
from recserve.trainer.inspection import functions, names
from recserve.trainer.inspection.facts import NAMED_SHARE, ColumnFacts

SEQUENCE_SHARE = 0.95
MOST_EVENT_TYPES = 20
EVENT_TYPE_SHARE = 0.9
UNIQUE_SHARE = 0.9


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
    """Whether the value is 0 or 1, or means that."""

    def columns(self) -> set[str]:
        """The names of the columns that have a role."""
        chosen = (self.user, self.item, self.event_type, self.value, self.time)
        return {column.name for column in chosen if column}


def find(columns: Sequence[ColumnFacts], where: str) -> Roles:
    """Finds the roles.

    Raises:
        DatasetError: If no column looks like a user's or an item's id.
    """
    user, item = _ids(columns, where)
    rest = [column for column in columns if column not in (user, item)]

    def is_of_the_event(column: ColumnFacts) -> bool:
        return functions.owner(column.values, user.values, item.values)[0] == "neither"

    time = _first(rest, names.TIMES, lambda c: is_sequence(c, user) or is_clock(c)) or _worded(
        rest, names.TIME_WORDS, lambda c: c.is_time() and is_of_the_event(c)
    )
    rest = [column for column in rest if column is not time]
    event_type = _first(rest, names.EVENT_TYPES, is_event_type)
    rest = [column for column in rest if column is not event_type]
    value = (
        _first(rest, names.LABELS, lambda c: c.is_label(NAMED_SHARE))
        or _first(
            rest,
            names.VALUES,
            lambda c: c.numbers_share >= NAMED_SHARE or c.is_label(NAMED_SHARE),
        )
        or _worded(rest, names.LABELS, lambda c: c.is_label() and is_of_the_event(c))
        or _worded(rest, names.VALUES, lambda c: c.numeric and is_of_the_event(c))
        or _worded(columns[-1:], None, lambda c: c in rest and c.is_label() and is_of_the_event(c))
    )
    return Roles(
        user,
        item,
        event_type,
        value,
        time,
        sequence=time is not None and is_sequence(time, user),
        label=value is not None and value.is_label(NAMED_SHARE),
    )


def is_clock(column: ColumnFacts) -> bool:
    """Whether the cells are times, or numbers with the name of a time that order the events."""
    if column.is_time(NAMED_SHARE):
        return True
    named = names.place(column.name, names.CLOCKS) != names.NOT_AT_ALL
    grows = column.numeric and column.distinct > len(column.values) / 2
    return named and grows and bool((column.numbers().dropna() >= 0).mean() >= SEQUENCE_SHARE)


def is_event_type(column: ColumnFacts) -> bool:
    """Whether nearly all cells are a few words that may name event types, however spelled."""
    words = column.present.value_counts(normalize=True)
    named = [bool(NAME.fullmatch(spelled(word))) for word in words.index]
    good = words[named]
    return 0 < len(good) <= MOST_EVENT_TYPES and float(good.sum()) >= EVENT_TYPE_SHARE


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


def _ids(columns: Sequence[ColumnFacts], where: str) -> tuple[ColumnFacts, ColumnFacts]:
    """The ids of user and item by their names; one without a name is the only other id."""
    user = _id(columns, names.USERS)
    item = _id([column for column in columns if column is not user], names.ITEMS)
    if user is None:
        user = _only_id([column for column in columns if column is not item])
    if item is None:
        item = _only_id([column for column in columns if column is not user])
    if user is None or item is None:
        kind = "user" if user is None else "item"
        listed = ", ".join(column.name for column in columns)
        raise DatasetError(
            f"{where}: no column looks like the {kind}'s id, among {listed}. Name it {kind}_id, or "
            f'write a schema.toml with {kind}_id_column = "…" under [source]'
        )
    return user, item


def _id(columns: Iterable[ColumnFacts], words: tuple[str, ...]) -> ColumnFacts | None:
    ranks = [(names.id_rank(column.name, words), column) for column in columns]
    rank, best = min(ranks, key=lambda pair: pair[0], default=(names.NOT_AT_ALL, None))
    return best if rank < names.NOT_AT_ALL else None


def _only_id(columns: Iterable[ColumnFacts]) -> ColumnFacts | None:
    found = [
        column
        for column in columns
        if names.ends_like_an_id(column.name)
        and 1 < column.distinct <= UNIQUE_SHARE * len(column.values)
    ]
    return found[0] if len(found) == 1 else None


def _first(
    columns: Sequence[ColumnFacts], words: tuple[str, ...], fits: Callable[[ColumnFacts], bool]
) -> ColumnFacts | None:
    """The column of the best name whose content fits."""
    named = [(names.place(column.name, words), column) for column in columns]
    named = [(place, column) for place, column in named if place != names.NOT_AT_ALL]
    named.sort(key=lambda pair: pair[0])
    return next((column for _, column in named if fits(column)), None)


def _worded(
    columns: Sequence[ColumnFacts],
    words: Collection[str] | None,
    fits: Callable[[ColumnFacts], bool],
) -> ColumnFacts | None:
    """The first column that fits and has one of these words in its name; None: any name."""
    named = (c for c in columns if words is None or names.words(c.name) & set(words))
    return next((column for column in named if fits(column)), None)
