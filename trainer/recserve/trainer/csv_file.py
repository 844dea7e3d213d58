"""Reads CSV record by record, so that a broken line costs that line and no other.

Text without quotes needs no such care: pyarrow reads it many times as fast, and what it refuses
is read record by record after all.
"""

from __future__ import annotations

import csv
import gzip
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    import pyarrow as pa

DELIMITERS = (",", ";", "\t", "|")
PIECE_CHARACTERS = 8 << 20


@dataclass(frozen=True)
class CsvPiece:
    """Records of a CSV file that follow each other."""

    table: pa.Table
    """Strings; empty where a line was too short."""
    numbers: Sequence[int]
    """The number of each readable record among all records, from 0."""
    unreadable: list[str]
    """What is wrong with each record that was left out."""


def pieces(path: Path) -> Iterator[CsvPiece]:
    """Reads a CSV file in pieces of about `PIECE_CHARACTERS`; at least one, perhaps empty.

    Raises:
        OSError: If it cannot be opened.
        UnicodeDecodeError: If it is not UTF-8.
        csv.Error: If the header is broken.
    """
    with opened(path) as stream:
        lines = _Lines(stream)
        delimiter = delimiter_of(next(lines, ""))
        lines.put_back_all()
        columns = next(csv.reader(lines, delimiter=delimiter), [])
        found = _Pieces(lines, delimiter, columns)
        yield next(found, _piece(columns, [], []))
        yield from found


def delimiter_of(header: str) -> str:
    """What separates the columns of a header; a comma if nothing does."""
    return max(DELIMITERS, key=lambda each: len(next(csv.reader([header], delimiter=each), [])))


def opened(path: Path) -> TextIOWrapper:
    """The text of a file, which may be compressed."""
    return TextIOWrapper(opened_bytes(path), encoding="utf-8-sig", newline="")


def opened_bytes(path: Path) -> BinaryIO:
    """The bytes of a file, which may be compressed."""
    if path.suffix.lower() == ".gz":
        return cast("BinaryIO", gzip.open(path, "rb"))
    return path.open("rb")


class _Lines(Iterator[str]):
    """The lines of a file, which can be put back to be read again."""

    def __init__(self, stream: TextIOWrapper) -> None:
        self._stream = stream
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._stream)
        self.number += 1
        self.taken.append(line)
        return line

    def take_many(self) -> list[str]:
        """The lines that were put back, else about `PIECE_CHARACTERS` of new ones."""
        self.taken = list(self._again) or self._stream.readlines(PIECE_CHARACTERS)
        self._again.clear()
        self.number += len(self.taken)
        return self.taken

    def begin(self) -> None:
        """A record begins."""
        self.taken = []

    def put_back_all_but_first(self) -> None:
        """Puts back all lines of the record but its first."""
        self._put_back(self.taken[1:])

    def put_back_all(self) -> None:
        """Puts back all lines taken."""
        self._put_back(self.taken)

    def _put_back(self, lines: list[str]) -> None:
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)
        self.taken = []


class _Pieces(Iterator[CsvPiece]):
    """The pieces of what follows the header."""

    def __init__(self, lines: _Lines, delimiter: str, columns: list[str]) -> None:
        self._lines = lines
        self._delimiter = delimiter
        self._columns = columns
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._count = 0
        """Records so far, unreadable ones included."""
        self._unreadable: list[str] = []

    def __next__(self) -> CsvPiece:
        taken = self._lines.take_many()
        if not taken:
            raise StopIteration
        table = self._plain(taken)
        if table is not None:
            numbers = range(self._count, self._count + table.num_rows)
            self._count += table.num_rows
            return CsvPiece(table, numbers, [])
        end = self._lines.number
        self._lines.put_back_all()
        return self._careful(end)

    def _plain(self, lines: list[str]) -> pa.Table | None:
        """The records, if each is one line without quotes, and has all its cells."""
        import pyarrow as pa
        from pyarrow import csv as fast

        text = "".join(lines)
        if not self._columns or '"' in text or max(map(len, lines)) > csv.field_size_limit():
            return None
        content = text.encode()
        try:
            return fast.read_csv(
                BytesIO(content),
                fast.ReadOptions(
                    use_threads=False, block_size=len(content) + 1, column_names=self._columns
                ),
                fast.ParseOptions(delimiter=self._delimiter, quote_char=False, double_quote=False),
                fast.ConvertOptions(column_types=dict.fromkeys(self._columns, pa.string())),
            )
        except pa.ArrowInvalid:
            return None

    def _careful(self, end: int) -> CsvPiece:
        """The records up to a line, one by one."""
        width = len(self._columns)
        numbers: list[int] = []
        records: list[list[str]] = []
        self._unreadable = []
        while self._lines.number < end:
            self._lines.begin()
            try:
                cells = next(self._reader, [])
            except csv.Error as error:
                self._refuse(str(error))
                continue
            if not cells:
                continue  # an empty line
            if any(cells[width:]):
                self._refuse(f"{len(cells)} cells, the header has {width}")
                continue
            numbers.append(self._count)
            self._count += 1
            records.append(cells[:width] + [""] * (width - len(cells)))
        return _piece(self._columns, numbers, records, self._unreadable)

    def _refuse(self, reason: str) -> None:
        # A quote that is never closed swallows the lines after it: they get another chance.
        self._lines.put_back_all_but_first()
        self._count += 1
        self._unreadable.append(f"row {self._count} (line {self._lines.number}): {reason}")


def _piece(
    columns: list[str],
    numbers: list[int],
    records: list[list[str]],
    unreadable: list[str] | None = None,
) -> CsvPiece:
    import pyarrow as pa

    cells = zip(*records, strict=True) if records else ([] for _ in columns)
    arrays = [pa.array(column, pa.string()) for column in cells]
    return CsvPiece(pa.table(arrays, names=columns), numbers, unreadable or [])
