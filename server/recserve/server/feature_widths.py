"""How wide the inputs of a version's signatures are."""

from collections.abc import Iterable
from dataclasses import dataclass

from recserve.server.schema import feature_list
from recserve.v1 import model_pb2, schema_pb2


@dataclass(frozen=True, slots=True)
class FeatureWidths:
    """The dimensions that the schema and the layout of an artefact fix (docs/artefact.md)."""

    history: int
    """`L`: past events of a user."""
    multi_valued_length: int
    """`M`: values of one multi-valued feature."""
    user_numeric: int = 0
    """Numbers, times, and the numbers of vectors; so with the other two."""
    user_categorical: int = 0
    """Categories and texts; so with the other two."""
    user_multi_valued: int = 0
    context_numeric: int = 0
    context_categorical: int = 0
    context_multi_valued: int = 0
    item_numeric: int = 0
    item_categorical: int = 0
    item_multi_valued: int = 0
    candidate: int = 0
    """`P`: features of a pair."""

    @property
    def strings(self) -> int:
        """Strings of one request: user features first, then those of the context."""
        multi_valued = self.user_multi_valued + self.context_multi_valued
        categorical = self.user_categorical + self.context_categorical
        return categorical + multi_valued * self.multi_valued_length

    @classmethod
    def of(cls, manifest: model_pb2.ModelVersion) -> "FeatureWidths":
        """Read them off a manifest."""
        schema = manifest.schema
        user = _count(schema.user_features)
        context = _count(schema.context_features)
        item = _count(schema.item_features)
        return cls(
            manifest.layout.history_length,
            manifest.layout.multi_valued_length,
            *user,
            *context,
            *item,
            candidate=len(schema.candidate_features),
        )


def _count(features: Iterable[schema_pb2.Feature]) -> tuple[int, int, int]:
    declared = feature_list(features)
    return declared.numbers, len(declared.strings), len(declared.multi_valued)
