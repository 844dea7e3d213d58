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
from recserve.trainer.tables import Ints, Strings
from recserve.v1 import schema_pb2


class Entities:
    """The items, or the users, of a dataset.

    Args:
        frame: Their own file, if there is one.
        id_column: The column of their ids, here and in the interactions.
        features: Their features. One that the own file does not have is its first non-empty
            cell in the interactions.
        further: The columns of the interactions.
        quoted: Whether examples may quote their ids; those of users stay out of the manifest.
        ledger: Hears what the rules did.

    Raises:
        SchemaError: If a feature's column is in neither file.
    """

    def __init__(
        self,
        frame: Frame | None,
        id_column: str,
        features: Sequence[schema_pb2.Feature],
        further: Sequence[str],
        ledger: Ledger,
        *,
        quoted: bool,
    ) -> None:
        self._shown = [id_column] if quoted else []
        self._ledger = ledger
        self._columns = list(dict.fromkeys(column_of(feature) for feature in features))
        self._own = _own_rows(frame, id_column, self._shown, ledger)
        self._first: dict[str, dict[int, str]] = {}
        for column in self._columns:
            if column in self._own.columns:
                continue
            if column not in further:
                raise SchemaError(
                    f"the schema's feature column {column!r} is in no file of the dataset"
                )
            self._first[column] = {}

    def learn(self, codes: Ints, kept: pd.DataFrame) -> None:
        """Takes features from a piece of the interactions.

        Args:
            codes: int32 `[n]`, the entity of each row.
            kept: The rows.
        """
        for column, known in self._first.items():
            there = (kept[column].str.strip() != "").to_numpy()
            cells, found = kept[column][there], codes[there]
            for at in np.unique(found, return_index=True)[1]:
                known.setdefault(int(found[at]), str(cells.iat[at]))
            first = pd.Series(found, index=cells.index).map(known)
            changed = there.copy()
            changed[there] = (first != cells).to_numpy()
            if changed.any():
                shown = examples(kept[changed], [*self._shown, column])
                self._ledger.repaired("conflicting_feature", int(changed.sum()), shown)

    def rows(self, ids: Strings, seen: Ints) -> pd.DataFrame:
        """One row of text for each entity, indexed by id, with a column for each feature.

        Args:
            ids: The id of each code.
            seen: The codes that have events, in the order of their first one.

        Returns:
            The entities in the order of their own file, then of the interactions.
        """
        index = pd.Index(ids[seen], dtype=self._own.index.dtype)
        whole = self._own.index.append(index[~index.isin(self._own.index)])
        rows = pd.DataFrame(index=whole)
        for column in self._columns:
            known = self._first.get(column)
            values = (
                self._own[column]
                if known is None
                else pd.Series(list(known.values()), ids[list(known)], dtype=str)
            )
            rows[column] = values.reindex(whole, fill_value="").to_numpy()
        return rows


def _own_rows(
    frame: Frame | None, id_column: str, shown: list[str], ledger: Ledger
) -> pd.DataFrame:
    if frame is None:
        return pd.DataFrame(index=pd.Index([], dtype=str))
    if id_column not in frame.rows.columns:
        raise SchemaError(f"{frame.path} has no column {id_column!r}")
    ledger.dropped("unreadable_row", len(frame.unreadable), frame.unreadable)
    rows = trim_ids(frame.rows, [id_column], shown, ledger)
    rows = drop(rows, rows.duplicated(id_column), "duplicate_entry", ledger, shown)
    return rows.set_index(id_column)
