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


@dataclass(frozen=True)
class Kind:
    """A type, or unspecified for a column that is left out, and the reason."""

    type: schema_pb2.FeatureType
    reason: str


def kind(column: ColumnFacts, owners: int) -> Kind:
    """Judges a column.

    Args:
        column: The column.
        owners: How many different things it could tell apart (items, users or rows).
    """
    if column.distinct == 0:
        return Kind(schema_pb2.FEATURE_TYPE_UNSPECIFIED, "always empty")
    if column.distinct == 1 and column.missing == 0:
        return Kind(schema_pb2.FEATURE_TYPE_UNSPECIFIED, "always the same")
    if names.snake(column.name).split("_")[-1] in names.IDS and column.distinct > FEW_ROWS:
        return Kind(schema_pb2.FEATURE_TYPE_UNSPECIFIED, "another id")
    if column.numeric:
        return Kind(schema_pb2.FEATURE_TYPE_NUMERIC, "numbers")
    if column.separator:
        reason = f"several values in a cell, separated by {column.separator!r}"
        return Kind(schema_pb2.FEATURE_TYPE_MULTI_VALUED, reason)
    if column.is_time():
        return Kind(schema_pb2.FEATURE_TYPE_UNSPECIFIED, "a time; this release reads none")
    if owners > FEW_ROWS and column.distinct > UNIQUE_SHARE * owners:
        return Kind(schema_pb2.FEATURE_TYPE_UNSPECIFIED, "nearly unique: tells nothing of others")
    if column.words > MOST_WORDS or column.distinct > MOST_CATEGORIES:
        return Kind(schema_pb2.FEATURE_TYPE_UNSPECIFIED, "free text; this release reads none")
    return Kind(schema_pb2.FEATURE_TYPE_CATEGORICAL, "a set of strings")
