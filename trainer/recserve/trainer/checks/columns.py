"""The features of events as columns, wherever they belong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recserve.trainer.tables import FeatureTable, Floats, Ints, Strings, Tables
from recserve.v1 import schema_pb2

TYPES = schema_pb2.FeatureType


@dataclass(frozen=True)
class Numbers:
    """A numeric feature."""

    name: str
    """Its owner and its name, such as "item.price"."""
    of: Ints | None
    """int32 `[events]`: the row of each event; None where the rows are the events."""
    numbers: Floats
    """float32 `[n]`; NaN where missing."""

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True)
class Words:
    """A categorical or multi-valued feature."""

    name: str
    """Its owner and its name, such as "item.genres"."""
    of: Ints | None
    """int32 `[events]`: the row of each event; None where the rows are the events."""
    codes: Ints
    """int64 `[n]`, indices into `words`."""
    words: Strings
    """The distinct cells; the values of a multi-valued one are joined by "|"."""

    def __len__(self) -> int:
        return len(self.codes)


Column = Numbers | Words


def columns(tables: Tables, schema: schema_pb2.Schema) -> list[Column]:
    """All numeric, categorical and multi-valued features, those of the pair first."""
    events = tables.events
    return [
        *(
            Numbers(f"candidate.{feature.name}", None, events.candidate[:, index])
            for index, feature in enumerate(schema.candidate_features)
        ),
        *_of("context", events.context, schema.context_features, None),
        *_of("item", tables.item_features, schema.item_features, events.item),
        *_of("user", tables.user_features, schema.user_features, events.user),
    ]


def _of(
    owner: str, table: FeatureTable, features: Sequence[schema_pb2.Feature], of: Ints | None
) -> Iterator[Column]:
    def named(kind: schema_pb2.FeatureType) -> Iterator[tuple[int, str]]:
        return enumerate(f"{owner}.{each.name}" for each in features if each.type == kind)

    for index, name in named(TYPES.FEATURE_TYPE_NUMERIC):
        yield Numbers(name, of, table.numeric[:, index])
    for index, name in named(TYPES.FEATURE_TYPE_CATEGORICAL):
        yield _words(name, of, table.categorical[:, index])
    for index, name in named(TYPES.FEATURE_TYPE_MULTI_VALUED):
        joined = ["|".join(filter(None, cell)) for cell in table.multi_valued[:, index]]
        yield _words(name, of, np.array(joined, dtype=object))


def _words(name: str, of: Ints | None, cells: Strings) -> Words:
    codes, words = pd.factorize(cells)
    return Words(name, of, codes, words)
