"""`recserve-server export`."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from recserve.server.importing_command import checked_url

if TYPE_CHECKING:
    from recserve.server.database import Database
    from recserve.server.schema import DeclaredSchema
    from recserve.server.training.export import OnProgress

LINES = 10  # without a terminal: one line each time a further tenth is done


@click.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--events",
    "event_log_url",
    metavar="URL",
    default="sqlite:///recserve.db",
    callback=checked_url,
    show_default=True,
    help="The event log.",
)
@click.option(
    "--schema",
    "schema_path",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The schema of the events and features.  [default: that of the imported dataset]",
)
@click.option("--since", type=click.DateTime(), help="Events at or after this time, in UTC.")
@click.option("--until", type=click.DateTime(), help="Events before this time, in UTC.")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["parquet", "csv"]),
    default="parquet",
    show_default=True,
    help="Of the files.",
)
@click.option(
    "--plain-user-ids",
    is_flag=True,
    help="Write the users' own ids. By default each has a pseudonym, the same in every export.",
)
@click.option("--json", "as_json", is_flag=True, help="Write the report as JSON.")
def export_command(
    path: Path,
    event_log_url: str,
    *,
    schema_path: Path | None,
    since: datetime | None,
    until: datetime | None,
    file_format: str,
    plain_user_ids: bool,
    as_json: bool,
) -> None:
    """Write the event log and the catalogue as a dataset.

    PATH becomes a folder with interactions, items, users and schema.toml, as they were at one
    moment: a server may go on writing, and is not held up. `recserve-trainer` learns from it, and
    `recserve-server import` reads it.

    \b
    Examples:
      recserve-server export backup --plain-user-ids
      recserve-server export january --since 2026-01-01 --until 2026-02-01 --format csv
    """
    from recserve.server.database import open_database
    from recserve.server.errors import RecserveServerError
    from recserve.server.event_log import SqlEventLog
    from recserve.server.pseudonyms import pseudonyms_of
    from recserve.server.training.export import export_dataset
    from recserve.server.training.export_files import FORMS

    if path.exists():
        raise click.ClickException(f"{path} exists already; name a folder that does not")
    staging = path.with_name(f".{path.name}.exporting")
    try:
        database = open_database(event_log_url, must_exist=True)
        try:
            with _progress() as on_progress:
                exported = export_dataset(
                    database,
                    staging,
                    schema=_schema(database, schema_path),
                    since=_seconds(since),
                    until=_seconds(until),
                    on_progress=on_progress,
                    form=FORMS[file_format],
                    pseudonyms=None if plain_user_ids else pseudonyms_of(SqlEventLog(database)),
                )
        finally:
            database.close()
        staging.rename(path)
    except RecserveServerError as error:
        raise click.ClickException(error.message) from error
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    report = {
        "path": str(path),
        "event_count": exported.event_count,
        "compacted_event_count": exported.compacted_event_count,
        "log_position": exported.log_position,
        "pseudonymised": not plain_user_ids,
    }
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        named = "their own ids" if plain_user_ids else "pseudonyms"
        click.echo(f"{exported.event_count:,} events in {path}, users under {named}")
        if exported.compacted_event_count:
            click.echo(f"left out: {exported.compacted_event_count:,} older ones, compacted")


def _schema(database: Database, path: Path | None) -> DeclaredSchema:
    from recserve.server.event_log import SCHEMA_META, SqlEventLog
    from recserve.server.schema import load_schema, schema_from_json

    if path is not None:
        return load_schema(path)
    return schema_from_json(SqlEventLog(database).meta(SCHEMA_META) or "{}")


def _seconds(moment: datetime | None) -> float | None:

    return None if moment is None else moment.replace(tzinfo=UTC).timestamp()


@contextmanager
def _progress() -> Iterator[OnProgress]:
    if not sys.stderr.isatty():
        yield _lines()
        return
    columns = (TextColumn("exporting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("exporting", total=None)
        yield lambda done, most: bar.update(task, completed=done, total=most)


def _lines() -> Callable[[int, int], None]:
    """Progress as plain lines."""
    shown = 0

    def show(done: int, most: int) -> None:
        nonlocal shown
        tenths = done * LINES // max(most, 1)
        if tenths > shown:
            shown = tenths
            click.echo(f"exporting: {done / most:.0%}, {done:,} rows", err=True)

    return show
