"""Items and users with their features, from their own file or from the interactions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recserve.trainer.cleaning.features import column_of
from recserve.trainer.cleaning.interactions import drop, examples, trim_ids
from recserve.trainer.cleaning.ledger import Ledger
from recserve.trainer.dataset import Frame
from recserve.trainer.errors import SchemaError
from recserve.v1 import schema_pb2


def entity_rows(
    frame: Frame | None,
    interactions: pd.DataFrame,
    id_column: str,
    features: Sequence[schema_pb2.Feature],
    ledger: Ledger,
) -> pd.DataFrame:
    """One row of text for each item (or user), indexed by id, with a column for each feature.

    Ids come in the order of their own file, then of the interactions. A feature that its
    own file does not have is the first non-empty value in the interactions.

    Raises:
        SchemaError: If a feature's column is in neither file.
    """
    own = _own_rows(frame, id_column, ledger)
    seen = pd.Index(interactions[id_column].unique())
    ids = own.index.append(seen.difference(own.index, sort=False))
    rows = pd.DataFrame(index=ids)
    for column in dict.fromkeys(column_of(feature) for feature in features):
        if column in own.columns:
            values = own[column]
        elif column in interactions.columns:
            values = _first_values(interactions, id_column, column, ledger)
        else:
            raise SchemaError(
                f"the schema's feature column {column!r} is in no file of the dataset"
            )
        rows[column] = values.reindex(ids, fill_value="").to_numpy()
    return rows


def _own_rows(frame: Frame | None, id_column: str, ledger: Ledger) -> pd.DataFrame:
    if frame is None:
        return pd.DataFrame(index=pd.Index([], dtype=object))
    if id_column not in frame.rows.columns:
        raise SchemaError(f"{frame.path} has no column {id_column!r}")
    ledger.dropped("unreadable_row", len(frame.unreadable), frame.unreadable)
    rows = trim_ids(frame.rows, [id_column], ledger)
    rows = drop(rows, rows.duplicated(id_column), "duplicate_entry", ledger, [id_column])
    return rows.set_index(id_column)


def _first_values(
    interactions: pd.DataFrame, id_column: str, column: str, ledger: Ledger
) -> pd.Series[str]:
    present = interactions[interactions[column].str.strip() != ""]
    first = present.groupby(id_column, sort=False)[column].first()
    changed = present[column].to_numpy() != present[id_column].map(first).to_numpy(dtype=object)
    if np.any(changed):
        shown = examples(present[changed], [id_column, column])
        ledger.repaired("conflicting_feature", int(changed.sum()), shown)
    return first
