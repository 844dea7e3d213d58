"""What the commands print: JSON for programs, tables for people."""

import dataclasses
import json
import math
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

PIPED_COLUMNS = 1000
"""Nobody looks at the width of a pipe: what `grep` reads must not be folded."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")


def print_json(value: "DataclassInstance | Sequence[DataclassInstance]") -> None:
    """Prints a value of the SDK, or a list of them, with its field names."""
    plain: Any = (
        dataclasses.asdict(value)
        if dataclasses.is_dataclass(value)
        else [dataclasses.asdict(one) for one in value]
    )
    text = json.dumps(_finite(plain), default=_time, indent=2, ensure_ascii=False, allow_nan=False)
    click.echo(text)


def print_json_line(value: "DataclassInstance") -> None:
    """Prints a value of the SDK on one line, for what comes piece by piece."""
    plain = _finite(dataclasses.asdict(value))
    click.echo(json.dumps(plain, default=_time, ensure_ascii=False, allow_nan=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table, as wide as the terminal at most; into a pipe, as wide as it is.

    Args:
        columns: Names of the columns. One that ends in ">" is aligned to the right; one that
            ends in "!" never folds.
        rows: The cells.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPED_COLUMNS
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        # Ids are there to be copied: they fold onto a second line rather than lose letters.
        table.add_column(
            column.rstrip(">!"),
            justify="right" if ">" in column else "left",
            overflow="fold",
            no_wrap=column.endswith("!"),
        )
    for row in rows:
        table.add_row(*map(_escaped, row))
    console.print(table)


def shown_time(moment: datetime | None) -> str:
    """A time as people read it, in UTC; "-" for none."""
    return "-" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def shown_choice(value: str) -> str:
    """A value of an enum as the options of the commands spell it, such as "warm-start"."""
    return value.replace("_", "-")


def shown_size(size_bytes: int) -> str:
    """A size as people read it, such as "1.2 MB" (powers of 1000)."""
    size, unit = float(size_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def _escaped(cell: str) -> str:
    from rich.markup import escape

    return escape(cell)


def _finite(value: Any) -> Any:
    """The value with null in the place of NaN and infinity, which JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list | tuple) else value


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} has no JSON form")
