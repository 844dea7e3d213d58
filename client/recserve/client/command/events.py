"""`recserve events`."""

import sys
from itertools import islice
from typing import TYPE_CHECKING

import click

from recserve.client.command.connection import Connection
from recserve.client.command.output import json_option, print_json_line, shown_time

if TYPE_CHECKING:
    from recserve.client import LoggedEvent


@click.group()
def events() -> None:
    """Look at the event log.

    \b
    recserve events tail
    """


@events.command()
@click.option(
    "--after", "after_position", type=click.IntRange(min=0), metavar="POSITION",
    help="Begin behind this log position; 0: from the first event.  "
    "[default: only what is stored from now on]",
)  # fmt: skip
@click.option(
    "--event-type", "event_types", metavar="TYPE", multiple=True,
    help="Only events of this type. May be repeated.  [default: all]",
)  # fmt: skip
@click.option("--user", "user_id", default="", help="Only events of this user.")
@click.option("--item", "item_id", default="", help="Only events on this item.")
@click.option(
    "--limit", type=click.IntRange(min=1), help="End after so many events.  [default: never]"
)
@json_option
@click.pass_obj
def tail(
    connection: Connection,
    *,
    after_position: int | None,
    event_types: tuple[str, ...],
    user_id: str,
    item_id: str,
    limit: int | None,
    as_json: bool,
) -> None:
    """Print events as they are stored, whichever server stored them, until Ctrl-C.

    The first column is the log position: a program that notes the last one it has seen goes on
    behind it with --after. With --json each line is an object.

    \b
    recserve events tail --event-type purchase
    recserve events tail --after 0 --json | gzip > events.jsonl.gz
    """
    with connection.client() as client:
        found = client.tail_events(
            after_position=after_position,
            event_types=event_types,
            user_id=user_id,
            item_id=item_id,
        )
        try:
            for logged in islice(found, limit):
                if as_json:
                    print_json_line(logged)
                else:
                    click.echo(_line(logged))
        except KeyboardInterrupt:
            sys.exit(130)


def _line(logged: "LoggedEvent") -> str:
    event = logged.event
    value = "" if event.value is None else f" {event.value:g}"
    answer = f"  [{event.recommendation}]" if event.recommendation else ""
    when = shown_time(event.event_time)  # type: ignore[arg-type] # a logged one is a datetime
    what = f"{event.user_id}  {event.event_type}{value}  {event.item_id}"
    return f"{logged.log_position:>9}  {when}  {what}{answer}"
