"""Which columns of a table of features hold what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from recserve.v1 import schema_pb2


@dataclass(frozen=True)
class FeatureLayout:
    """How many features of each type one list of the schema has.

    The numbers of a table come in the order numeric features, timestamps, vectors; its strings
    in the order categorical features, texts; within each type in the schema's order.
    """

    numeric: int = 0
    timestamps: int = 0
    dimensions: tuple[int, ...] = ()
    """Of each vector."""
    categorical: int = 0
    texts: int = 0
    multi_valued: int = 0

    @classmethod
    def of(cls, features: Iterable[schema_pb2.Feature]) -> FeatureLayout:
        """That of a list of the schema."""
        features = list(features)
        types = [feature.type for feature in features]
        return cls(
            types.count(schema_pb2.FEATURE_TYPE_NUMERIC),
            types.count(schema_pb2.FEATURE_TYPE_TIMESTAMP),
            tuple(f.dimension for f in features if f.type == schema_pb2.FEATURE_TYPE_VECTOR),
            types.count(schema_pb2.FEATURE_TYPE_CATEGORICAL),
            types.count(schema_pb2.FEATURE_TYPE_TEXT),
            types.count(schema_pb2.FEATURE_TYPE_MULTI_VALUED),
        )

    @property
    def numbers(self) -> int:
        """Columns of numbers: one for each number and time, and all those of the vectors."""
        return self.numeric + self.timestamps + sum(self.dimensions)

    @property
    def strings(self) -> int:
        """Columns of single strings."""
        return self.categorical + self.texts
