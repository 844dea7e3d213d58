"""`recserve-server import`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from recserve.server.importing import ImportProgress, ImportReport

LINES = 10  # without a terminal: one line each time a further tenth is done


def checked_url(_context: click.Context, _parameter: click.Parameter, url: str) -> str:
    """Refuse a URL that names no event log, as wrong usage."""
    from recserve.server.database.location import check_url
    from recserve.server.errors import EventLogRefused

    try:
        check_url(url)
    except EventLogRefused as error:
        raise click.BadParameter(error.message) from error
    return url


@click.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--events",
    "event_log_url",
    metavar="URL",
    default="sqlite:///recserve.db",
    callback=checked_url,
    show_default=True,
    help="The event log: sqlite:///relative/path, sqlite:////absolute/path or"
    " postgresql://USER@HOST/DATABASE.",
)
@click.option(
    "--schema",
    "schema_path",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The schema of the dataset.  [default: its own schema.toml, if there is one]",
)
@click.option("--json", "as_json", is_flag=True, help="Write the report as JSON.")
def import_command(path: Path, event_log_url: str, schema_path: Path | None, as_json: bool) -> None:
    """Load a dataset into the event log and the catalogue.

    PATH is a folder with interactions.csv or interactions.parquet (columns user_id, item_id
    and perhaps event_type, value, timestamp), and perhaps items.*, users.* and schema.toml;
    or one such file of interactions, with NAME.schema.toml beside it. For other columns,
    `recserve-trainer inspect PATH --write` makes the schema.

    Importing the same file again stores nothing twice, and completes an import that was cut
    off. A server may run on the same event log meanwhile. Rows that cannot be used are left
    out, counted and shown by reason.

    \b
    Examples:
      recserve-server import examples/movielens
      recserve-server import shop.parquet --events sqlite:////var/lib/recserve/events.db
    """
    from recserve.server.errors import RecserveServerError
    from recserve.server.importing import import_dataset  # and with it pandas

    try:
        with _progress() as progress:
            report = import_dataset(path, event_log_url, schema_path, progress=progress)
    except RecserveServerError as error:
        raise click.ClickException(error.message) from error
    click.echo(json.dumps(asdict(report), indent=2) if as_json else _as_text(report))


@contextmanager
def _progress() -> Iterator[Callable[[ImportProgress], None]]:
    """Shows progress on stderr: a bar on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines().show
        return
    columns = (TextColumn("importing"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(
        *columns, TextColumn("{task.fields[rows]:,} rows"), console=Console(stderr=True)
    ) as bar:
        task = bar.add_task("importing", total=1.0, rows=0)
        yield lambda now: bar.update(task, completed=now.done, rows=now.rows_read)


class _Lines:
    """Progress as plain lines."""

    def __init__(self) -> None:
        self._shown = 0

    def show(self, now: ImportProgress) -> None:
        """Writes a line if a further tenth is done."""
        tenths = int(now.done * LINES)
        if tenths > self._shown:
            self._shown = tenths
            click.echo(f"importing: {now.done:.0%}, {now.rows_read:,} rows", err=True)


def _as_text(report: ImportReport) -> str:
    lines = [
        f"{report.rows_read:,} rows read in {report.seconds:.1f} s",
        f"{report.accepted_count:,} events stored, {report.duplicate_count:,} were there already",
        f"{report.item_count:,} items, {report.user_count:,} users",
        f"log position {report.log_position:,}",
    ]
    left_out = (
        f"left out: {count:,} {reason}, such as {report.examples[reason]}"
        for reason, count in report.left_out.items()
    )
    return "\n".join([*lines, *left_out])
