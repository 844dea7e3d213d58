"""Reads CSV record by record, so that a broken line costs that line and no other."""

from __future__ import annotations

import csv
import gzip
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path

DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class CsvContent:
    """What a CSV file holds."""

    columns: list[str]
    numbers: list[int]
    """The number of each readable record among all records, from 0."""
    records: list[list[str]]
    """As many cells each as there are columns; empty where a line was too short."""
    unreadable: list[str]
    """What is wrong with each record that was left out."""


def read(path: Path, most_rows: int | None = None) -> CsvContent:
    """Reads a CSV file: UTF-8 with a header, `.gz` or not.

    The delimiter is the one of `DELIMITERS` that cuts the header into most columns.

    Args:
        path: The file.
        most_rows: Readable records at most; None for all.

    Raises:
        OSError: If it cannot be opened.
        UnicodeDecodeError: If it is not UTF-8.
        csv.Error: If the header is broken.
    """
    with _opened(path) as stream:
        lines = _Lines(stream)
        delimiter = delimiter_of(next(lines, ""))
        lines.put_back_all()
        columns = next(csv.reader(lines, delimiter=delimiter), [])
        records = _Records(lines, delimiter, len(columns))
        found = list(islice(records, most_rows))
    return CsvContent(
        columns, [number for number, _ in found], [cells for _, cells in found], records.unreadable
    )


def delimiter_of(header: str) -> str:
    """What separates the columns of a header; a comma if nothing does."""
    return max(DELIMITERS, key=lambda each: len(next(csv.reader([header], delimiter=each), [])))


def _opened(path: Path) -> TextIOWrapper:
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    return TextIOWrapper(opened(path, "rb"), encoding="utf-8-sig", newline="")


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

    def begin(self) -> None:
        """A record begins."""
        self.taken = []

    def put_back_all_but_first(self) -> None:
        """Puts back all lines of the record but its first."""
        self._put_back(self.taken[1:])

    def put_back_all(self) -> None:
        """Puts back all lines of the record."""
        self._put_back(self.taken)

    def _put_back(self, lines: list[str]) -> None:
        self._again.extendleft(reversed(lines))
        self.number -= len(lines)
        self.taken = []


class _Records(Iterator[tuple[int, list[str]]]):
    """The readable records, each with its number from 0."""

    def __init__(self, lines: _Lines, delimiter: str, width: int) -> None:
        self._lines = lines
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._width = width
        self._number = -1
        self.unreadable: list[str] = []

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
            if any(cells[self._width :]):
                self._refuse(f"{len(cells)} cells, the header has {self._width}")
                continue
            self._number += 1
            return self._number, cells[: self._width] + [""] * (self._width - len(cells))

    def _refuse(self, reason: str) -> None:
        # A quote that is never closed swallows the lines after it: they get another chance.
        self._lines.put_back_all_but_first()
        self._number += 1
        self.unreadable.append(f"row {self._number + 1} (line {self._lines.number}): {reason}")
