"""The items, or the users, of a dataset with their features."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from recserve.server.dataset.bad_rows import BadRows
from recserve.server.dataset.columns import required_column
from recserve.server.dataset.features import feature_rows
from recserve.server.dataset.ids import with_good_ids
from recserve.server.dataset.opening import open_text
from recserve.server.dataset.text_file import TextFile
from recserve.server.errors import InvalidDataset
from recserve.server.schema import FeatureList, FeatureValue


class Entities:
    """Gathers items or users from their own file and from the interactions.

    A feature whose column the own file does not have is the first value that the
    interactions have for it.

    Args:
        own_file: The items or users file, if there is one.
        id_column: The column of their id, in both files.
        features: What the schema declares of them.
        interactions: The interactions file.

    Raises:
        InvalidDataset: A file cannot be read, or a column is in neither.
    """

    def __init__(
        self,
        own_file: Path | None,
        id_column: str,
        features: FeatureList,
        interactions: TextFile,
    ) -> None:
        self._id_column = id_column
        self._file = None if own_file is None else open_text(own_file)
        own_columns = self._own_columns()
        self._own_features = [each for each in features.features if each.column in own_columns]
        self._other_features = [
            each for each in features.features if each.column not in own_columns
        ]
        for each in self._other_features:
            if each.column not in interactions.columns:
                raise InvalidDataset(
                    f"the schema's feature {each.name!r} is read from column {each.column!r},"
                    " which no file of the dataset has"
                )
        self.described: dict[str, dict[str, FeatureValue]] = {}
        """Features by id, of those in the own file and those with features elsewhere."""
        self._seen: set[str] = set()

    def __len__(self) -> int:
        return len(self.described.keys() | self._seen)

    @property
    def columns(self) -> set[str]:
        """The columns of the interactions file that are needed."""
        return {each.column for each in self._other_features}

    @property
    def undescribed(self) -> Iterable[str]:
        """The ids of which only events are known."""
        return (each for each in self._seen if each not in self.described)

    def read_own_file(self, bad: BadRows) -> None:
        """Reads the own file; of entries with the same id the first stands."""
        if self._file is None:
            return
        columns = {self._id_column, *(each.column for each in self._own_features)}
        for piece in self._file.pieces(columns):
            _note_unreadable(piece.unreadable, bad)
            rows = with_good_ids(piece.rows, [self._id_column], bad)
            repeated = rows[self._id_column].duplicated() | rows[self._id_column].isin(
                self.described.keys()
            )
            bad.note_rows("duplicate_entry", rows[repeated], [self._id_column])
            rows = rows[~repeated]
            found = feature_rows(rows, self._own_features, bad)
            self.described.update(zip(rows[self._id_column].tolist(), found, strict=True))

    def look_at(self, rows: pd.DataFrame, bad: BadRows) -> None:
        """Takes ids and features from good rows of the interactions file."""
        ids: Sequence[str] = rows[self._id_column].tolist()
        self._seen.update(ids)
        if not self._other_features:
            return
        found = feature_rows(rows, self._other_features, bad)
        for entity_id, features in zip(ids, found, strict=True):
            self._add(entity_id, features)

    def _add(self, entity_id: str, features: Mapping[str, FeatureValue]) -> None:
        if features:
            known = self.described.setdefault(entity_id, {})
            for name, value in features.items():
                known.setdefault(name, value)

    def _own_columns(self) -> Sequence[str]:
        if self._file is None:
            return ()
        required_column(self._file, self._id_column)
        return self._file.columns


def _note_unreadable(lines: Sequence[str], bad: BadRows) -> None:
    for line in lines:
        bad.note("unreadable_row", 1, line)
