"""Feature cells to typed arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recserve.trainer import list_cell, vector_cell
from recserve.trainer.cleaning.interactions import examples
from recserve.trainer.cleaning.ledger import Ledger
from recserve.trainer.cleaning.times import parse_times
from recserve.trainer.feature_layout import FeatureLayout
from recserve.trainer.tables import FeatureTable
from recserve.v1 import schema_pb2

MOST_VALUES = 16
SECONDS_PER_DAY = 86_400.0
# From there on a number of seconds would be one of milliseconds: the year 5138.
LATEST_SECONDS = 1e11


def column_of(feature: schema_pb2.Feature) -> str:
    """The dataset column that a feature is read from."""
    return feature.column or feature.name


def of_type(
    features: Sequence[schema_pb2.Feature], kind: schema_pb2.FeatureType
) -> list[schema_pb2.Feature]:
    """The features of one type, in the schema's order."""
    return [feature for feature in features if feature.type == kind]


def feature_table(
    rows: pd.DataFrame,
    features: Sequence[schema_pb2.Feature],
    multi_valued_length: int,
    ledger: Ledger,
) -> FeatureTable:
    """Reads features from a table of text that has a column for each."""
    kinds, count = schema_pb2.FeatureType, len(rows)
    numeric = of_type(features, kinds.FEATURE_TYPE_NUMERIC)
    timestamps = of_type(features, kinds.FEATURE_TYPE_TIMESTAMP)
    vectors = of_type(features, kinds.FEATURE_TYPE_VECTOR)
    categorical = of_type(features, kinds.FEATURE_TYPE_CATEGORICAL)
    texts = of_type(features, kinds.FEATURE_TYPE_TEXT)
    multi_valued = of_type(features, kinds.FEATURE_TYPE_MULTI_VALUED)
    return FeatureTable(
        np.concatenate(
            [
                numeric_block(rows, [column_of(feature) for feature in numeric], ledger),
                *(_days(rows, column_of(feature), ledger) for feature in timestamps),
                *(_vectors(rows, feature, ledger) for feature in vectors),
            ],
            axis=1,
        ),
        _stack([_one_string(rows[column_of(f)]) for f in (*categorical, *texts)], (count, 0)),
        _stack(
            [_multi_valued(rows, feature, multi_valued_length, ledger) for feature in multi_valued],
            (count, 0, multi_valued_length),
        ),
        FeatureLayout.of(features),
    )


def numeric_block(
    rows: pd.DataFrame, columns: Sequence[str], ledger: Ledger
) -> np.typing.NDArray[np.float32]:
    """Numeric columns, float32 `[n, len(columns)]`; what is no finite number is NaN."""
    block = np.full((len(rows), len(columns)), np.nan, dtype=np.float32)
    for index, column in enumerate(columns):
        text = rows[column].str.strip()
        with np.errstate(over="ignore"):
            values = pd.to_numeric(text, errors="coerce").to_numpy(np.float64).astype(np.float32)
        bad = ~np.isfinite(values)
        _note_bad(rows, column, bad, ledger)
        block[:, index] = np.where(bad, np.nan, values)
    return block


def _days(rows: pd.DataFrame, column: str, ledger: Ledger) -> np.typing.NDArray[np.float32]:
    """Times as days since 1970, float32 `[n, 1]`: to three minutes until the year 2059."""
    seconds = parse_times(rows[column].str.strip(), clock=True)
    bad = ~(np.abs(seconds) < LATEST_SECONDS)
    _note_bad(rows, column, bad, ledger)
    return np.where(bad, np.nan, seconds / SECONDS_PER_DAY).astype(np.float32)[:, None]


def _vectors(
    rows: pd.DataFrame, feature: schema_pb2.Feature, ledger: Ledger
) -> np.typing.NDArray[np.float32]:
    """Vectors, float32 `[n, dimension]`; one that is not whole is missing."""
    column = column_of(feature)
    block = np.full((len(rows), feature.dimension), np.nan, dtype=np.float32)
    for index, cell in enumerate(rows[column]):
        vector = vector_cell.read(cell, feature.separator)
        if len(vector) == feature.dimension and np.isfinite(vector).all():
            block[index] = vector
    _note_bad(rows, column, np.isnan(block[:, 0]), ledger)
    return block


def _note_bad(
    rows: pd.DataFrame, column: str, bad: np.typing.NDArray[np.bool_], ledger: Ledger
) -> None:
    """Counts the cells that hold something, and nothing that could be read."""
    noted = bad & ~rows[column].str.strip().str.lower().isin(("", "nan")).to_numpy()
    ledger.repaired("bad_feature", noted.sum(), examples(rows[noted], [column]))


def multi_valued_length(
    sources: Sequence[tuple[pd.DataFrame, Sequence[schema_pb2.Feature]]],
) -> int:
    """The most values any multi-valued cell has, 1 to `MOST_VALUES`."""
    longest = 1
    for rows, features in sources:
        for feature in of_type(features, schema_pb2.FEATURE_TYPE_MULTI_VALUED):
            lengths = (len(_values(cell, feature)) for cell in rows[column_of(feature)].unique())
            longest = max(longest, max(lengths, default=1))
    return min(longest, MOST_VALUES)


def _one_string(column: pd.Series[str]) -> pd.Series[str]:
    if column.str.startswith(list_cell.MARK).any():
        column = column.map(list_cell.shown)
    return column.str.strip()


def _values(cell: str, feature: schema_pb2.Feature) -> list[str]:
    """The values of a multi-valued cell; those of a list are taken exactly."""
    listed = list_cell.read(cell)
    if listed is not None:
        return [value for value in listed if value]
    parts = cell.split(feature.separator or "|")
    return [value for part in parts if (value := part.strip())]


def _multi_valued(
    rows: pd.DataFrame, feature: schema_pb2.Feature, length: int, ledger: Ledger
) -> np.typing.NDArray[np.object_]:
    column = column_of(feature)
    lists = [_values(cell, feature) for cell in rows[column]]
    long = np.fromiter((len(values) > length for values in lists), dtype=bool, count=len(lists))
    ledger.repaired("long_multi_valued", long.sum(), examples(rows[long], [column]))
    padded = [(values + [""] * length)[:length] for values in lists]
    return np.array(padded, dtype=object).reshape(len(lists), length)


def _stack(
    columns: Sequence[object], empty_shape: tuple[int, ...]
) -> np.typing.NDArray[np.object_]:
    if not columns:
        return np.empty(empty_shape, dtype=object)
    return np.stack([np.asarray(column, dtype=object) for column in columns], axis=1)
