"""Declared features as columns of a Parquet file."""

import json
from collections.abc import Iterable

import pyarrow as pa

from recserve.server.schema import FeatureList
from recserve.server.training.exported_schema import column_of
from recserve.v1 import schema_pb2

_TYPES: dict[schema_pb2.FeatureType, tuple[pa.DataType, type]] = {
    schema_pb2.FEATURE_TYPE_NUMERIC: (pa.float64(), float),
    schema_pb2.FEATURE_TYPE_CATEGORICAL: (pa.string(), str),
    schema_pb2.FEATURE_TYPE_MULTI_VALUED: (pa.list_(pa.string()), list),
}
"""How a feature is written, and the values that can be: others count as unknown."""


class FeatureColumns:
    """The columns of a list of features.

    Args:
        features: The features, in the order of the columns.
    """

    def __init__(self, features: FeatureList) -> None:
        self._features = [(each.name, *_TYPES[each.type]) for each in features.features]

    @property
    def fields(self) -> list[pa.Field]:
        """Names and types of the columns."""
        return [pa.field(column_of(name), kind) for name, kind, _ in self._features]

    def arrays(self, texts: Iterable[str]) -> list[pa.Array]:
        """The columns of some rows, whose features are JSON as the database keeps it."""
        if not self._features:
            return []
        # All rows in one text: a call for each would take several times as long.
        rows = json.loads(f"[{','.join(text or '{}' for text in texts)}]", parse_int=float)
        return [
            pa.array(
                [value if isinstance(value := row.get(name), good) else None for row in rows],
                type=kind,
            )
            for name, kind, good in self._features
        ]
