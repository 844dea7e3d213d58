"""Declared features as columns of a Parquet file."""

import json
from collections.abc import Iterable

import pyarrow as pa

from recserve.server.schema import FeatureList
from recserve.server.training.exported_schema import column_of
from recserve.v1 import schema_pb2

_TYPES: dict[schema_pb2.FeatureType, tuple[pa.DataType, type, type | None]] = {
    schema_pb2.FEATURE_TYPE_NUMERIC: (pa.float64(), float, None),
    schema_pb2.FEATURE_TYPE_TIMESTAMP: (pa.float64(), float, None),
    schema_pb2.FEATURE_TYPE_CATEGORICAL: (pa.string(), str, None),
    schema_pb2.FEATURE_TYPE_TEXT: (pa.string(), str, None),
    schema_pb2.FEATURE_TYPE_MULTI_VALUED: (pa.list_(pa.string()), list, str),
    schema_pb2.FEATURE_TYPE_VECTOR: (pa.list_(pa.float32()), list, float),
}
"""How a feature is written, and the values, and the parts of a list, that can be: others count as
unknown."""


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
        return [pa.field(column_of(name), kind) for name, kind, *_ in self._features]

    def arrays(self, texts: Iterable[str]) -> list[pa.Array]:
        """The columns of some rows, whose features are JSON as the database keeps it."""
        if not self._features:
            return []
        # All rows in one text: a call for each would take several times as long.
        rows = json.loads(f"[{','.join(text or '{}' for text in texts)}]", parse_int=float)
        return [
            pa.array(
                [value if _is(value := row.get(name), good, part) else None for row in rows],
                type=kind,
            )
            for name, kind, good, part in self._features
        ]


def _is(value: object, good: type, part: type | None) -> bool:
    if not isinstance(value, good):
        return False
    return not isinstance(value, list) or not value or isinstance(value[0], part or object)
