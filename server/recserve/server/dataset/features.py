"""The features in a table of text."""

from collections.abc import Iterator, Sequence
from itertools import repeat

import pandas as pd

from recserve.server.dataset.bad_rows import BadRows
from recserve.server.dataset.cells import feature_cells, feature_value
from recserve.server.schema import DeclaredFeature, FeatureValue


def feature_rows(
    rows: pd.DataFrame, features: Sequence[DeclaredFeature], bad: BadRows
) -> Iterator[dict[str, FeatureValue]]:
    """Reads the features of each row.

    Args:
        rows: A table of text that has a column for each feature.
        features: The features to read.
        bad: Is told of cells that are no number, time or vector where one is due
            (`bad_feature`); such a value is unknown, and the row is kept.
    """
    if not features:
        return repeat({}, len(rows))
    columns = [feature_cells(rows[feature.column], feature) for feature in features]
    return (
        _features(int(number), cells, features, bad)
        for number, *cells in zip(rows.index, *columns, strict=True)
    )


def _features(
    number: int, cells: Sequence[str], features: Sequence[DeclaredFeature], bad: BadRows
) -> dict[str, FeatureValue]:
    found: dict[str, FeatureValue] = {}
    for cell, feature in zip(cells, features, strict=True):
        try:
            value = feature_value(cell, feature)
        except ValueError:
            bad.note("bad_feature", 1, f"row {number + 1}: {feature.column}={cell[:60]!r}")
            continue
        if value is not None:
            found[feature.name] = value
    return found
