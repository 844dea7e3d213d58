"""Files of items or users: JSON lines, or CSV with a column for each feature."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

import click

from recserve.client.event import FeatureValue

SEPARATOR = "|"
"""Between the strings of one cell."""
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

file_argument = click.argument(
    "path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, allow_dash=True)
)
format_option = click.option(
    "--format",
    "file_format",
    type=click.Choice(["jsonl", "csv"]),
    help="What FILE is.  [default: csv where its name ends so, else jsonl]",
)
text_option = click.option(
    "--text",
    "text_columns",
    metavar="COLUMN",
    multiple=True,
    help="A CSV column whose cells are texts even where they look like numbers. Repeatable.",
)
strings_option = click.option(
    "--strings",
    "strings_columns",
    metavar="COLUMN",
    multiple=True,
    help=f"A CSV column whose cells are several texts with {SEPARATOR} between them. Repeatable.",
)


class FileRecord(NamedTuple):
    """One item or user of a file."""

    line: int
    """Where it stands, or ends, from 1."""
    record_id: str
    features: dict[str, FeatureValue]
    available: bool


class BadLine(click.ClickException):
    """A line that cannot be read.

    Args:
        path: The file.
        line: The line, from 1.
        what: What is wrong with it.
    """

    def __init__(self, path: str, line: int, what: str) -> None:
        super().__init__(f"{path}, line {line}: {what}")


class _BadRecord(Exception):
    """JSON that is no record, or no feature."""


@dataclass(frozen=True, slots=True)
class RecordFile:
    """How a file is read."""

    path: str
    """`-` for the standard input."""
    id_field: str
    """`item_id` or `user_id`."""
    fields: frozenset[str]
    """What else may stand beside the features."""
    file_format: str | None = None
    text_columns: tuple[str, ...] = ()
    strings_columns: tuple[str, ...] = ()

    def records(self, on_read: Callable[[int], None]) -> Iterator[FileRecord]:
        """The records, read as they are asked for.

        Args:
            on_read: Called with the bytes of each line.

        Raises:
            BadLine: A line is none.
        """
        with self._opened() as file:
            lines = _watched(file, on_read)
            try:
                yield from self._csv(lines) if self._is_csv else self._json_lines(lines)
            except UnicodeDecodeError as error:
                raise click.ClickException(f"{self.path} is not UTF-8: {error}") from error

    @property
    def _is_csv(self) -> bool:
        if self.file_format is not None:
            return self.file_format == "csv"
        return Path(self.path).suffix.lower() == ".csv"

    def _opened(self) -> AbstractContextManager[TextIO]:
        if self.path == "-":
            return nullcontext(sys.stdin)  # not ours to close
        return Path(self.path).open(encoding="utf-8-sig", newline="")

    def _json_lines(self, lines: Iterable[str]) -> Iterator[FileRecord]:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield self._from_json(number, json.loads(line))
                except (_BadRecord, json.JSONDecodeError) as error:
                    raise BadLine(self.path, number, str(error)) from error

    def _from_json(self, line: int, value: object) -> FileRecord:
        if not isinstance(value, dict):
            raise _BadRecord(
                f'must be an object such as {{"{self.id_field}": "…", "features": {{}}}}'
            )
        known = {self.id_field, "features", *self.fields}
        if unknown := [name for name in value if name not in known]:
            raise _BadRecord(f"has {unknown[0]!r}, which is none of {', '.join(sorted(known))}")
        record_id, features = value.get(self.id_field), value.get("features") or {}
        if not isinstance(record_id, str):
            raise _BadRecord(f"{self.id_field} must be a string")
        if not isinstance(features, dict):
            raise _BadRecord("features must be an object")
        available = value.get("available", True)
        if not isinstance(available, bool):
            raise _BadRecord("available must be true or false")
        read = {name: _feature(name, each) for name, each in features.items() if each is not None}
        return FileRecord(line, record_id, read, available)

    def _csv(self, lines: Iterable[str]) -> Iterator[FileRecord]:
        rows = csv.reader(lines, strict=True)
        try:
            header = next(rows, [])
            self._check_header(header)
            for row in rows:
                if row:
                    yield self._from_row(rows.line_num, header, row)
        except csv.Error as error:
            raise BadLine(self.path, rows.line_num, str(error)) from error

    def _check_header(self, header: list[str]) -> None:
        if self.id_field not in header:
            raise BadLine(self.path, 1, f"the header must have a column {self.id_field}")
        if len(set(header)) != len(header):
            raise BadLine(self.path, 1, "the header has a column twice")
        for column in (*self.text_columns, *self.strings_columns):
            if column not in header:
                raise click.UsageError(f"{self.path} has no column {column!r}")

    def _from_row(self, line: int, header: list[str], row: list[str]) -> FileRecord:
        if len(row) != len(header):
            raise BadLine(self.path, line, f"has {len(row)} cells, the header has {len(header)}")
        cells = dict(zip(header, row, strict=True))
        record_id = cells.pop(self.id_field)
        others = {name: cells.pop(name, "") for name in self.fields}
        available = _BOOLEANS.get((others.get("available") or "true").lower())
        if available is None:
            raise BadLine(self.path, line, "available must be true or false")
        read = {name: self._cell(name, text) for name, text in cells.items() if text}
        return FileRecord(line, record_id, read, available)

    def _cell(self, column: str, text: str) -> FeatureValue:
        if column in self.text_columns:
            return text
        if column in self.strings_columns:
            return tuple(part for part in text.split(SEPARATOR) if part)
        try:
            return _feature(column, json.loads(text))
        except (_BadRecord, json.JSONDecodeError):  # a text like any other
            return text


def _feature(name: str, value: object) -> FeatureValue:
    """A feature of JSON.

    Raises:
        _BadRecord: It is none.
    """
    if isinstance(value, list) and not any(isinstance(each, bool) for each in value):
        if all(isinstance(each, str) for each in value):
            return tuple(value)
        if all(isinstance(each, int | float) for each in value):
            return tuple(value)
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return value
    raise _BadRecord(
        f"feature {name!r} must be a number, a text, a list of texts or a list of numbers"
    )


def _watched(lines: Iterable[str], on_read: Callable[[int], None]) -> Iterator[str]:
    for line in lines:
        on_read(len(line.encode()))
        yield line
