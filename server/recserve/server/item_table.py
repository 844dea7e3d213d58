"""The item table of an artefact: ids, popularity and raw features of the known items."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recserve.server.feature_widths import FeatureWidths
from recserve.server.schema import SECONDS_PER_DAY, FeatureList, Features, FeatureValue


class ItemTableError(Exception):
    """An item table that cannot be read."""


@dataclass(frozen=True)
class ItemTable:
    """Items by row. docs/artefact.md describes the file."""

    ids: tuple[str, ...]
    """The id of each row."""
    popularity: NDArray[np.float32]
    """Shape `[N]`: weighted count of positive events, at least 0."""
    clusters: NDArray[np.int32] | None = None
    """Shape `[N]`: the cluster of each item, from 0; -1 for none. None for a version without."""
    path: Path | None = None
    """The file, which also has the features; None for a table without features."""

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each id."""
        return {item_id: row for row, item_id in enumerate(self.ids)}

    @cached_property
    def by_popularity(self) -> list[int]:
        """All rows, most popular first; ties in row order."""
        return self.ranked(None)

    def ranked(self, allowed: NDArray[np.bool_] | None) -> list[int]:
        """The allowed rows, most popular first; None: all."""
        order = self._by_popularity
        rows: list[int] = (order if allowed is None else order[allowed[order]]).tolist()
        return rows

    @cached_property
    def _by_popularity(self) -> NDArray[np.int64]:
        return np.argsort(-self.popularity, kind="stable")

    @cached_property
    def greatest_popularity(self) -> float:
        """The popularity of the most popular item; 0 without items."""
        return float(self.popularity.max(initial=0.0))

    def build_lookups(self) -> None:
        """Build `rows` and `by_popularity` now, so that whoever asks first need not wait."""
        _ = self.rows, self.by_popularity

    def popularity_of(self, item_id: str) -> float:
        """The popularity of a known item."""
        return float(self.popularity[self.rows[item_id]])

    def read_features(self, declared: FeatureList) -> "TableFeatures | None":
        """Read the features; None if the table has none.

        Raises:
            ItemTableError: the file is gone, damaged, or has other features.
        """
        if self.path is None or not declared.features:
            return None
        with _open(self.path) as arrays:
            return TableFeatures(arrays, declared, len(self))

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def read(cls, path: Path) -> "ItemTable":
        """Read what the front end needs.

        Raises:
            ItemTableError: the file is missing, damaged, or holds an id twice.
        """
        with _open(path) as arrays:
            ids = _strings(arrays, "item_id")
            popularity = _array(arrays, "popularity", np.float32, (len(ids),))
            clusters = _clusters(arrays, len(ids))
        if len(set(ids)) != len(ids):
            raise ItemTableError(f"{path.name} holds an item id twice")
        return cls(tuple(ids), popularity, clusters, path)


class TableFeatures:
    """The features of the items of a table, taken out of its bytes as they are asked for.

    Vectors are left out: nobody but the model reads them.
    """

    def __init__(self, arrays: Any, declared: FeatureList, count: int) -> None:
        self._declared = declared
        self._numeric = _array(arrays, "numeric", np.float32, (count, declared.numbers))
        self._categorical = _Texts(arrays, "categorical", count, len(declared.strings))
        self._multi_valued = _Texts(arrays, "multi_valued", count, len(declared.multi_valued))

    def of(self, row: int) -> Features:
        """The features of one row; those that are missing are left out."""
        return dict(self._known(row))

    def _known(self, row: int) -> Iterator[tuple[str, FeatureValue]]:
        declared = self._declared
        row_numbers, times = self._numeric[row], len(declared.numeric)
        for name, number in zip(declared.numeric, row_numbers[:times], strict=True):
            if not np.isnan(number):
                # The shortest number that rounds to it is the one that the data had.
                yield name, float(str(number))
        for name, days in zip(declared.timestamps, row_numbers[times:], strict=False):
            if not np.isnan(days):
                yield name, float(days) * SECONDS_PER_DAY
        for name, texts in zip(declared.strings, self._categorical.of(row), strict=True):
            if texts:
                yield name, texts[0]
        for name, texts in zip(declared.multi_valued, self._multi_valued.of(row), strict=True):
            if texts:
                yield name, texts


class _Texts:
    """The strings of some features, row by row, as many for each."""

    def __init__(self, arrays: Any, name: str, count: int, features: int) -> None:
        self._bytes, self._offsets = _text_arrays(arrays, name)
        strings = len(self._offsets) - 1
        cells = max(1, count * features)
        if strings % cells or bool(strings) != bool(count * features):
            raise ItemTableError(f"{strings} strings {name!r} do not fit {count} items")
        self._features, self._length = features, strings // cells

    def of(self, row: int) -> Iterator[tuple[str, ...]]:
        """The strings of each feature, those that are empty left out."""
        for cell in range(row * self._features, (row + 1) * self._features):
            start = cell * self._length
            ends = self._offsets[start : start + self._length + 1].tolist()
            yield tuple(self._bytes[a:b].decode() for a, b in pairwise(ends) if a < b)


def read_item_inputs(path: Path, widths: FeatureWidths) -> dict[str, NDArray[np.generic]]:
    """Read the inputs of the signature `encode_items`.

    Raises:
        ItemTableError: the file is missing, damaged, or does not fit the widths.
    """
    with _open(path) as arrays:
        ids = _strings(arrays, "item_id")
        count, length = len(ids), widths.multi_valued_length
        categorical = (count, widths.item_categorical)
        multi_valued = (count, widths.item_multi_valued, length)
        return {
            "item_ids": np.array(ids, object),
            "item_popularity": _array(arrays, "popularity", np.float32, (count,)),
            "item_numeric": _array(arrays, "numeric", np.float32, (count, widths.item_numeric)),
            "item_categorical": _shaped(_strings(arrays, "categorical"), categorical),
            "item_multi_valued": _shaped(_strings(arrays, "multi_valued"), multi_valued),
        }


def read_item_clusters(path: Path) -> NDArray[np.int32] | None:
    """Read the cluster of each item, shape `[N]`, -1 for none; None for a version without.

    Raises:
        ItemTableError: the file is missing or damaged.
    """
    with _open(path) as arrays:
        return _clusters(arrays, len(_strings(arrays, "item_id")))


def _clusters(arrays: Any, count: int) -> NDArray[np.int32] | None:
    return _array(arrays, "cluster", np.int32, (count,)) if "cluster" in arrays else None


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    with ExitStack() as stack:
        try:  # the file is ours to close: numpy forgets it when it is damaged
            file = stack.enter_context(path.open("rb"))
            arrays = np.load(file, allow_pickle=False)
        except Exception as error:  # numpy and zipfile raise many kinds for damaged files
            raise ItemTableError(f"cannot read the item table {path}: {error}") from error
        if not isinstance(arrays, np.lib.npyio.NpzFile):
            raise ItemTableError(f"the item table {path} is one array, not an npz file of several")
        yield stack.enter_context(arrays)


def _array(arrays: Any, name: str, dtype: type, shape: tuple[int | None, ...]) -> NDArray[Any]:
    try:
        values: NDArray[Any] = arrays[name]
    except Exception as error:  # numpy and zipfile raise many kinds for damaged files
        raise ItemTableError(f"the item table has no readable array {name!r}") from error
    if values.dtype != dtype or not _fits(values.shape, shape):
        raise ItemTableError(
            f"{name!r} of the item table is {values.dtype}{list(values.shape)}, "
            f"not {np.dtype(dtype)}{list(shape)}"
        )
    return values


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    """Whether a shape is the wanted one, where None stands for any length."""
    return len(shape) == len(wanted) and all(
        each is None or each == length for length, each in zip(shape, wanted, strict=True)
    )


def _text_arrays(arrays: Any, name: str) -> tuple[bytes, NDArray[np.int64]]:
    data = _array(arrays, f"{name}_bytes", np.uint8, (None,)).tobytes()
    offsets = _array(arrays, f"{name}_offsets", np.int64, (None,))
    ends_fit = len(offsets) > 0 and offsets[0] == 0 and offsets[-1] == len(data)
    if not ends_fit or (np.diff(offsets) < 0).any():
        raise ItemTableError(f"the offsets of {name!r} in the item table do not fit its bytes")
    return data, offsets


def _strings(arrays: Any, name: str) -> list[str]:
    data, offsets = _text_arrays(arrays, name)
    try:
        return [data[start:end].decode() for start, end in pairwise(offsets.tolist())]
    except UnicodeDecodeError as error:
        raise ItemTableError(f"the item table has strings {name!r} that are not UTF-8") from error


def _shaped(strings: list[str], shape: tuple[int, ...]) -> NDArray[np.object_]:
    try:
        return np.array(strings, object).reshape(shape)
    except ValueError as error:
        raise ItemTableError(f"{len(strings)} strings do not fill {list(shape)}") from error
