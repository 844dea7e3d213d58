"""How a feature column is to be read, or why it is left out."""

from __future__ import annotations

from dataclasses import dataclass

from recserve.trainer.inspection import names
from recserve.trainer.inspection.facts import ColumnFacts
from recserve.v1 import schema_pb2

MOST_CATEGORIES = 10_000
MOST_WORDS = 3.0
UNIQUE_SHARE = 0.9
FEW_ROWS = 20
MOST_CELLS = 0.9


@dataclass(frozen=True)
class Kind:
    """A type, or unspecified for a column that is left out, and the reason."""

    type: schema_pb2.FeatureType
    reason: str


def kind(column: ColumnFacts, owners: int, owner: str = "item") -> Kind:
    """Judges a column.

    Args:
        column: The column.
        owners: How many different things it could tell apart (items, users or rows).
        owner: Of what it is a function: "user", "item" or "neither".
    """
    reason = _left_out(column, owners, owner)
    if reason:
        return Kind(schema_pb2.FEATURE_TYPE_UNSPECIFIED, reason)
    if column.numeric and not _holds_ids(column):
        return Kind(schema_pb2.FEATURE_TYPE_NUMERIC, "numbers")
    if column.separator:
        told = f"several values in a cell, separated by {column.separator!r}"
        return Kind(schema_pb2.FEATURE_TYPE_MULTI_VALUED, told)
    return Kind(schema_pb2.FEATURE_TYPE_CATEGORICAL, "a set of strings")


def _left_out(column: ColumnFacts, owners: int, owner: str) -> str:
    """Why a column is no feature; empty if it is one."""
    rules = (
        (column.distinct == 0, "always empty"),
        (column.distinct == 1 and column.missing == 0, "always the same"),
        (column.counts_rows(), "counts the rows"),
        (_is_other_id(column, owners, owner), "another id"),
        (_is_unread_time(column), "a time in a form that is not read; ISO 8601 is"),
    )
    for holds, reason in rules:
        if holds:
            return reason
    return "" if column.numeric or column.separator else _left_out_text(column, owners, owner)


def _left_out_text(column: ColumnFacts, owners: int, owner: str) -> str:
    unique = owners > FEW_ROWS and column.distinct > UNIQUE_SHARE * owners
    text = column.words > MOST_WORDS or column.distinct > MOST_CATEGORIES
    rules = (
        (column.is_time(), "a time; this release reads none"),
        (_has_decimal_commas(column), "numbers with a decimal comma; a decimal point is read"),
        (unique, "nearly unique: tells nothing of others"),
        (text, "free text; this release reads none"),
        (owner == "neither" and _is_seldom(column, owners, 20), "its values come too seldom each"),
    )
    return next((reason for holds, reason in rules if holds), "")


def _is_other_id(column: ColumnFacts, owners: int, owner: str) -> bool:
    """Whether a column names things that tell little: its own, or those of single events."""
    if not _holds_ids(column):
        return False
    return _is_seldom(column, owners, 4) or (owner == "neither" and column.distinct > FEW_ROWS)


def _is_seldom(column: ColumnFacts, owners: int, times: int) -> bool:
    return column.distinct > FEW_ROWS and column.distinct * times > owners


def _has_decimal_commas(column: ColumnFacts) -> bool:
    return bool(column.present.str.fullmatch(r"[+-]?\d+,\d+").mean() > MOST_CELLS)


def _holds_ids(column: ColumnFacts) -> bool:
    return names.ends_like_an_id(column.name) and (column.whole or not column.numeric)


def _is_unread_time(column: ColumnFacts) -> bool:
    if not names.words(column.name) & names.TIME_WORDS or column.is_time():
        return False
    form = r"\d{8}" if column.whole else r"\d+[./-]\d+[./-]\d+.*"
    return len(column.present) > 0 and bool(column.present.str.fullmatch(form).mean() > MOST_CELLS)
