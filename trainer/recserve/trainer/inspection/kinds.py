"""How a feature column is to be read, or why it is left out."""

from __future__ import annotations

from dataclasses import dataclass

from recserve.trainer import schema_file
from recserve.trainer.inspection import names
from recserve.trainer.inspection.facts import ColumnFacts
from recserve.v1 import schema_pb2

MOST_CATEGORIES = 10_000
MOST_WORDS = 3.0
# Shorter ones that are nearly unique are names and titles.
FEWEST_WORDS = 5.0
UNIQUE_SHARE = 0.9
FEW_ROWS = 20
MOST_CELLS = 0.9

OF_THE_EVENT = (
    "of the event, which may be known only after it; if it is known before, declare it as a "
    "context feature"
)


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
    types = schema_pb2.FeatureType
    if _is_time(column):
        return Kind(types.FEATURE_TYPE_TIMESTAMP, "a time")
    if column.numeric and not _holds_ids(column):
        return Kind(types.FEATURE_TYPE_NUMERIC, "numbers")
    if column.dimension:
        told = f"{column.dimension} numbers in each cell"
        return Kind(types.FEATURE_TYPE_VECTOR, told)
    if column.separator:
        told = f"several values in a cell, separated by {column.separator!r}"
        return Kind(types.FEATURE_TYPE_MULTI_VALUED, told)
    if _is_text(column, owners):
        return Kind(types.FEATURE_TYPE_TEXT, f"free text, {column.words:.0f} words in a cell")
    return Kind(types.FEATURE_TYPE_CATEGORICAL, "a set of strings")


def _left_out(column: ColumnFacts, owners: int, owner: str) -> str:
    """Why a column is no feature; empty if it is one."""
    rules = (
        (column.distinct == 0, "always empty"),
        (column.distinct == 1 and column.missing == 0, "always the same"),
        (column.counts_rows(), "counts the rows"),
        (_is_other_id(column, owners, owner), "another id"),
        (_is_unread_time(column), "a time in a form that is not read; ISO 8601 is"),
        (owner == "neither" and _is_time(column), f"another time {OF_THE_EVENT}"),
        (
            column.dimension > schema_file.MOST_DIMENSIONS,
            f"vectors of more than {schema_file.MOST_DIMENSIONS} numbers",
        ),
    )
    for holds, reason in rules:
        if holds:
            return reason
    listed = column.separator or column.dimension
    is_string = not (column.numeric or listed or _is_time(column))
    return _left_out_string(column, owners, owner) if is_string else ""


def _left_out_string(column: ColumnFacts, owners: int, owner: str) -> str:
    text = _is_text(column, owners)
    unique = not text and owners > FEW_ROWS and column.distinct > UNIQUE_SHARE * owners
    rules = (
        (_has_decimal_commas(column), "numbers with a decimal comma; a decimal point is read"),
        (unique, "nearly unique: tells nothing of others, unless its words do (a text feature)"),
        (text and owner == "neither", f"free text {OF_THE_EVENT}"),
        (not text and column.distinct > MOST_CATEGORIES, "too many different values"),
        (owner == "neither" and _is_seldom(column, owners, 20), "its values come too seldom each"),
    )
    return next((reason for holds, reason in rules if holds), "")


def _is_time(column: ColumnFacts) -> bool:
    """Whether the cells are times; numbers are only if the name says so."""
    named = bool(names.words(column.name) & names.TIME_FEATURE_WORDS)
    return column.is_time() and (named or not column.numeric)


def _is_text(column: ColumnFacts, owners: int) -> bool:
    """Whether a string is several words, and too seldom the same for a set of strings."""
    if column.numeric or column.separator or column.dimension or column.words <= MOST_WORDS:
        return False
    unique = column.distinct > UNIQUE_SHARE * owners
    return column.distinct * 4 > owners and (column.words >= FEWEST_WORDS or not unique)


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
