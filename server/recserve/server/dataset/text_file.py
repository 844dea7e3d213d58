"""A file of a dataset as a stream of tables of text."""

import csv
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import TypeVar

import pandas as pd
import pyarrow as pa

from recserve.server.errors import InvalidDataset

ROWS_PER_PIECE = 20_000

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a file.

    Attributes:
        rows: Every cell a str, empty where missing; the index is the row's number, from 0.
        unreadable: What is wrong with each row that could not be read.
        done: How much of the file has been read with it, 0 to 1.
    """

    rows: pd.DataFrame
    unreadable: tuple[str, ...]
    done: float


class TextFile(ABC):
    """A file with columns. Make it with `open_text`.

    Args:
        path: The file.

    Raises:
        InvalidDataset: It cannot be read, or has no columns.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns = self._guarded(self._read_columns)
        if not self.columns:
            raise InvalidDataset(f"{path}: has no columns")

    def sha256(self) -> str:
        """Returns the hex SHA-256 of the file.

        Raises:
            InvalidDataset: The file cannot be read, or not all of it is text in UTF-8; so
                that this is known before any of it is stored.
        """
        return self._guarded(self._sha256)

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

    def _sha256(self) -> str:
        with self.path.open("rb") as stream:
            return file_digest(stream, "sha256").hexdigest()

    @abstractmethod
    def _read_columns(self) -> list[str]: ...

    @abstractmethod
    def _pieces(self, columns: list[str]) -> Iterator[Piece]: ...

    def _guarded(self, read: Callable[[], _T]) -> _T:
        try:
            return read()
        except UnicodeError as error:
            raise InvalidDataset(f"{self.path}: not UTF-8, convert it: {error}") from error
        except (OSError, EOFError, ValueError, csv.Error, zlib.error, pa.ArrowException) as error:
            raise InvalidDataset(f"{self.path}: cannot be read: {error}") from error
