"""`recserve-server compact`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from recserve.server.importing_command import checked_url

LINES = 10  # without a terminal: one line each time a further tenth is done


@click.command("compact")
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
    "--days",
    type=click.FloatRange(min=0, max=36_500, min_open=True),
    required=True,
    help="Events that are younger stay as they are.",
)
@click.option("--json", "as_json", is_flag=True, help="Write the report as JSON.")
def compact_command(event_log_url: str, days: float, as_json: bool) -> None:
    """Take old events out of the event log, all but what users have seen.

    For each user, item and event type one row with the number of events stays, so that seen
    items stay out of answers and popularity goes on counting. When the events happened, their
    values and contexts are gone, and so they are in later trainings. A server may run on the
    same log; `serve --event-days` does the same by itself. It can be stopped at any time.

    \b
    Example:
      recserve-server compact --days 365
    """
    from recserve.server.database import open_database
    from recserve.server.errors import RecserveServerError
    from recserve.server.retention import Compaction

    try:
        database = open_database(event_log_url, must_exist=True)
        try:
            with _progress() as on_progress:
                compacted = Compaction(database).run(days, pause=_pause, on_progress=on_progress)
        finally:
            database.close()
    except RecserveServerError as error:
        raise click.ClickException(error.message) from error
    if as_json:
        click.echo(json.dumps(asdict(compacted), indent=2))
        return
    click.echo(f"{compacted.event_count:,} events older than {days:g} days are compacted")
    if compacted.forgotten_id_count:
        click.echo(f"{compacted.forgotten_id_count:,} ids of earlier ones are forgotten")


def _pause(seconds: float) -> bool:
    """Leaves the database to others for a while."""
    time.sleep(seconds)
    return False


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    if not sys.stderr.isatty():
        yield _lines()
        return
    columns = (TextColumn("compacting"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("compacting", total=1.0)
        yield lambda done: bar.update(task, completed=done)


def _lines() -> Callable[[float], None]:
    """Progress as plain lines."""
    shown = 0

    def show(done: float) -> None:
        nonlocal shown
        tenths = int(done * LINES)
        if tenths > shown:
            shown = tenths
            click.echo(f"compacting: {done:.0%}", err=True)

    return show
