"""CSV files."""

import codecs
import csv
from collections.abc import Iterator
from hashlib import sha256
from io import TextIOWrapper
from itertools import islice

import pandas as pd

from recserve.server.dataset import text_file
from recserve.server.dataset.text_file import Piece, TextFile
from recserve.server.errors import InvalidDataset

BLOCK_BYTES = 1 << 20


class CsvFile(TextFile):
    """A CSV file as RFC 4180 has it: UTF-8, comma-separated, with a header.

    The standard library reads it and not pandas, which takes "NA" for nothing, numbers for
    ids, and cuts off what a line has too much, depending on where the line stands.
    """

    def _read_columns(self) -> list[str]:
        with self.path.open(encoding="utf-8-sig", newline="") as stream:
            columns = next(csv.reader(stream), [])
        repeated = {name for name in columns if columns.count(name) > 1}
        if repeated:
            raise InvalidDataset(f"{self.path}: two columns are called {min(repeated)!r}")
        return columns

    def _sha256(self) -> str:
        digest, decoder = sha256(), codecs.getincrementaldecoder("utf-8")()
        with self.path.open("rb") as stream:
            while block := stream.read(BLOCK_BYTES):
                digest.update(block)
                decoder.decode(block)
        decoder.decode(b"", final=True)
        return digest.hexdigest()

    def _pieces(self, columns: list[str]) -> Iterator[Piece]:
        size = max(self.path.stat().st_size, 1)
        with (
            self.path.open("rb") as raw,
            TextIOWrapper(raw, encoding="utf-8-sig", newline="") as stream,
        ):
            records = _Records(stream, len(self.columns))
            while some := list(islice(records, text_file.ROWS_PER_PIECE)):
                numbers, rows = zip(*some, strict=True)
                cells = dict(zip(self.columns, zip(*rows, strict=True), strict=True))
                wanted = {name: list(cells[name]) for name in columns}
                frame = pd.DataFrame(wanted, index=list(numbers), dtype=str)
                yield Piece(frame, records.take_unreadable(), raw.tell() / size)
            if unreadable := records.take_unreadable():
                yield Piece(pd.DataFrame(columns=columns, dtype=str), unreadable, 1.0)


class _Records(Iterator[tuple[int, list[str]]]):
    """The readable records behind the header, each with its number from 0."""

    def __init__(self, stream: TextIOWrapper, width: int) -> None:
        self._reader = csv.reader(stream, strict=True)
        self._width = width
        self._number = -1
        self._unreadable: list[str] = []
        next(self._reader, None)

    def __next__(self) -> tuple[int, list[str]]:
        while True:
            try:
                cells = next(self._reader)
            except csv.Error as error:  # the reader goes on with the next line
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
        self._number += 1
        self._unreadable.append(f"row {self._number + 1} (line {self._reader.line_num}): {reason}")
