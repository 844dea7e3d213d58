"""CSV files."""

import codecs
import csv
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, cast

import pandas as pd

from recserve.server.dataset import text_file
from recserve.server.dataset.lines import Lines
from recserve.server.dataset.text_file import Piece, TextFile
from recserve.server.errors import InvalidDataset

BLOCK_BYTES = 1 << 20
DELIMITERS = (",", ";", "\t", "|")


class CsvFile(TextFile):
    """A CSV file: UTF-8 with a header, gzipped or not.

    The delimiter is the one of `DELIMITERS` that cuts the header into most columns. The
    standard library reads it and not pandas, which takes "NA" for nothing, numbers for ids,
    and cuts off what a line has too much, depending on where the line stands.
    """

    def _read_columns(self) -> list[str]:
        with self.path.open("rb") as raw, _text_of(self.path, raw) as stream:
            columns, _ = _header(Lines(stream))
        repeated = {name for name in columns if columns.count(name) > 1}
        if repeated:
            raise InvalidDataset(f"{self.path}: two columns are called {min(repeated)!r}")
        return columns

    def _sha256(self) -> str:
        digest, decoder = sha256(), codecs.getincrementaldecoder("utf-8")()
        with self.path.open("rb") as raw:
            while block := raw.read(BLOCK_BYTES):
                digest.update(block)
        with self.path.open("rb") as raw, _content_of(self.path, raw) as content:
            while block := content.read(BLOCK_BYTES):
                decoder.decode(block)
        decoder.decode(b"", final=True)
        return digest.hexdigest()

    def _pieces(self, columns: list[str]) -> Iterator[Piece]:
        size = max(self.path.stat().st_size, 1)
        with self.path.open("rb") as raw, _text_of(self.path, raw) as stream:
            lines = Lines(stream)
            _, delimiter = _header(lines)
            records = _Records(lines, delimiter, len(self.columns))
            while some := list(islice(records, text_file.ROWS_PER_PIECE)):
                numbers, rows = zip(*some, strict=True)
                cells = dict(zip(self.columns, zip(*rows, strict=True), strict=True))
                wanted = {name: list(cells[name]) for name in columns}
                frame = pd.DataFrame(wanted, index=list(numbers), dtype=str)
                yield Piece(frame, records.take_unreadable(), raw.tell() / size)
            if unreadable := records.take_unreadable():
                yield Piece(pd.DataFrame(columns=columns, dtype=str), unreadable, 1.0)


@contextmanager
def _content_of(path: Path, raw: IO[bytes]) -> Iterator[IO[bytes]]:
    if path.suffix.lower() != ".gz":
        yield raw
        return
    with gzip.open(raw) as content:
        yield cast("IO[bytes]", content)


@contextmanager
def _text_of(path: Path, raw: IO[bytes]) -> Iterator[TextIOWrapper]:
    with (
        _content_of(path, raw) as content,
        TextIOWrapper(content, encoding="utf-8-sig", newline="") as stream,
    ):
        yield stream


def _header(lines: Lines) -> tuple[list[str], str]:
    """Reads the header.

    Returns:
        The names of the columns, and what separates them.
    """
    first = next(lines, "")
    delimiter = max(DELIMITERS, key=lambda each: len(next(csv.reader([first], delimiter=each), [])))
    lines.put_back_all()
    return next(csv.reader(lines, delimiter=delimiter), []), delimiter


class _Records(Iterator[tuple[int, list[str]]]):
    """The readable records behind the header, each with its number from 0."""

    def __init__(self, lines: Lines, delimiter: str, width: int) -> None:
        self._lines = lines
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._width = width
        self._number = -1
        self._unreadable: list[str] = []

    def __next__(self) -> tuple[int, list[str]]:
        while True:
            self._lines.begin()
            try:
                cells = next(self._reader)
            except csv.Error as error:
                self._refuse(str(error))
                continue
            if not cells:
                continue  # an empty line
            surplus = cells[self._width :]
            if any(surplus):
                self._refuse(f"{len(cells)} cells, the header has {self._width}")
                continue
            self._number += 1
            return self._number, cells[: self._width] + [""] * (self._width - len(cells))

    def take_unreadable(self) -> tuple[str, ...]:
        """Returns what was wrong with the records refused since the last call."""
        taken, self._unreadable = tuple(self._unreadable), []
        return taken

    def _refuse(self, reason: str) -> None:
        # A quote that is never closed swallows the lines after it: they get another chance.
        self._lines.put_back_all_but_first()
        self._number += 1
        self._unreadable.append(f"row {self._number + 1} (line {self._lines.number}): {reason}")
