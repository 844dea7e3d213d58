"""Sends the records of a file, and shows how far that is."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recserve.client.command.output import print_json
from recserve.client.command.record_files import FileRecord, RecordFile

if TYPE_CHECKING:
    from recserve.client import InvalidArgument, UpsertReceipt

RECORDS_PER_CALL = 1000
RECORDS_PER_LINE = 10_000
_PLACE = re.compile(r"(?:items|users)\[(\d+)\]\.?")

Send = Callable[[list[FileRecord]], "UpsertReceipt"]
"""Puts at most `RECORDS_PER_CALL` records."""


def upsert(file: RecordFile, send: Send, *, as_json: bool) -> None:
    """Put every record of a file, and say what became of them.

    Raises:
        click.ClickException: A line is bad, or the server refuses it; those of earlier calls are
            stored.
    """
    from recserve.client import UpsertReceipt

    receipt = UpsertReceipt()
    try:
        with _progress(file.path) as (on_read, on_stored):
            records = file.records(on_read)
            while some := list(islice(records, RECORDS_PER_CALL)):
                receipt += _sent(file.path, some, send)
                on_stored(_count(receipt))
    except Exception:
        if _count(receipt):
            click.echo(f"{_count(receipt):,} records are stored; the next call failed.", err=True)
        raise
    if as_json:
        print_json(receipt)
    else:
        click.echo(f"{receipt.created_count:,} created, {receipt.updated_count:,} updated.")


def _count(receipt: "UpsertReceipt") -> int:
    return receipt.created_count + receipt.updated_count


def _sent(path: str, records: list[FileRecord], send: Send) -> "UpsertReceipt":
    from recserve.client import InvalidArgument

    try:
        return send(records)
    except InvalidArgument as error:
        raise click.ClickException(_refused(path, records, error)) from error


def _refused(path: str, records: list[FileRecord], error: "InvalidArgument") -> str:
    """What the server has against records, by their lines."""

    def line(found: re.Match[str]) -> str:
        place = int(found[1])
        return f"line {records[place].line}, " if place < len(records) else found[0]

    told = [
        f"{path}, {_PLACE.sub(line, each.field, count=1)}: {each.description}"
        for each in error.violations
    ]
    return "\n".join(told) or str(error)


@contextmanager
def _progress(path: str) -> Iterator[tuple[Callable[[int], None], Callable[[int], None]]]:
    """A bar on a terminal, plain lines elsewhere; both on stderr.

    Yields:
        What is told the bytes of each line, and what is told the records stored so far.
    """
    if not sys.stderr.isatty():
        yield lambda _bytes: None, _Lines().stored
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    total = None if path == "-" else Path(path).stat().st_size
    bars = Progress(
        BarColumn(bar_width=24),
        TextColumn("{task.fields[stored]:,} stored"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    with bars:
        task = bars.add_task("", total=total, stored=0)
        yield (
            lambda read: bars.advance(task, read),
            lambda stored: bars.update(task, stored=stored),
        )


class _Lines:
    """A line for every so many records."""

    def __init__(self) -> None:
        self._told = 0

    def stored(self, count: int) -> None:
        if count >= self._told + RECORDS_PER_LINE:
            self._told = count
            click.echo(f"{count:,} records stored", err=True)
