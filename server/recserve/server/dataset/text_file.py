"""One CSV or Parquet file as a stream of tables of text."""

import re
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recserve.server.dataset.layout import SUFFIXES
from recserve.server.errors import InvalidDataset

ROWS_PER_PIECE = 20_000

_T = TypeVar("_T")
_SKIPPED_LINE = re.compile(r"Skipping line \d+: .*")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a file.

    Attributes:
        rows: Every cell a str, empty where missing; the index is the row's number, from 0.
        unreadable: What was said of each line that could not be read.
        done: How much of the file has been read with it, 0 to 1.
    """

    rows: pd.DataFrame
    unreadable: tuple[str, ...]
    done: float


class TextFile(ABC):
    """A file of a dataset. Make it with `open_text`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns = self._guarded(self._read_columns)
        if not self.columns:
            raise InvalidDataset(f"{path}: has no columns")

    def pieces(self, columns: Collection[str]) -> Iterator[Piece]:
        """Reads the file piece by piece.

        Args:
            columns: The columns to read; all must be there.

        Raises:
            InvalidDataset: The file is damaged.
        """
        pieces = self._pieces([name for name in self.columns if name in columns])
        while (piece := self._guarded(lambda: next(pieces, None))) is not None:
            yield piece

    @abstractmethod
    def _read_columns(self) -> list[str]: ...

    @abstractmethod
    def _pieces(self, columns: list[str]) -> Iterator[Piece]: ...

    def _guarded(self, read: Callable[[], _T]) -> _T:
        try:
            return read()
        except (OSError, ValueError, UnicodeError, pa.ArrowException) as error:
            raise InvalidDataset(f"{self.path}: cannot be read: {error}") from error


class CsvFile(TextFile):
    """A CSV file: UTF-8, comma-separated, with a header."""

    def _read_columns(self) -> list[str]:
        return [str(name) for name in pd.read_csv(self.path, nrows=0, **_AS_IT_IS).columns]

    def _pieces(self, columns: list[str]) -> Iterator[Piece]:
        # Every column is read: with `usecols`, pandas would take lines with too many cells.
        size = self.path.stat().st_size
        with (
            self.path.open("rb") as stream,
            pd.read_csv(
                stream, chunksize=ROWS_PER_PIECE, on_bad_lines="warn", **_AS_IT_IS
            ) as chunks,
        ):
            while (chunk := _next_chunk(chunks)) is not None:
                rows, unreadable = chunk
                yield Piece(rows[columns].fillna(""), unreadable, stream.tell() / max(size, 1))


class ParquetFile(TextFile):
    """A Parquet file."""

    def _read_columns(self) -> list[str]:
        return [str(name) for name in pq.read_schema(self.path).names]

    def _pieces(self, columns: list[str]) -> Iterator[Piece]:
        start = 0
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(ROWS_PER_PIECE, columns=columns):
                index = pd.RangeIndex(start, start + batch.num_rows)
                start += batch.num_rows
                texts = {name: _as_text(batch.column(name)) for name in columns}
                done = start / max(file.metadata.num_rows, 1)
                yield Piece(pd.DataFrame(texts, index=index, dtype=str), (), done)


def open_text(path: Path) -> TextFile:
    """Opens a file of a dataset by its suffix.

    Raises:
        InvalidDataset: It is neither CSV nor Parquet, or cannot be read.
    """
    if path.suffix not in SUFFIXES:
        raise InvalidDataset(f"{path}: the suffix must be one of {', '.join(SUFFIXES)}")
    return ParquetFile(path) if path.suffix == ".parquet" else CsvFile(path)


_AS_IT_IS: dict[str, Any] = {
    "dtype": str,
    "keep_default_na": False,  # "NA" and "null" may well be ids
    "index_col": False,
    "encoding": "utf-8-sig",
}


def _next_chunk(chunks: Any) -> tuple[pd.DataFrame, tuple[str, ...]] | None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rows = next(chunks, None)
    said = (line for each in caught for line in _SKIPPED_LINE.findall(str(each.message)))
    return None if rows is None else (rows, tuple(said))


def _as_text(column: Any) -> list[str]:
    """Writes a column of any type as text."""
    if pa.types.is_integer(column.type) or pa.types.is_string(column.type):
        return list(pc.fill_null(pc.cast(column, pa.string()), "").to_pylist())
    return [_cell(value) for value in column.to_pylist()]


def _cell(value: object) -> str:
    if isinstance(value, list):
        return "|".join(_cell(part) for part in value)
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None or value != value else str(value)
