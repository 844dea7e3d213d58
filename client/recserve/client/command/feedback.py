"""`recserve feedback`."""

import click

from recserve.client.command.connection import Connection
from recserve.client.command.context_values import context_option, context_values
from recserve.client.command.moments import moment
from recserve.client.command.output import json_option, print_json


@click.command()
@click.argument("user")
@click.argument("item")
@click.argument("event_type", metavar="TYPE")
@click.option("--value", type=float, help="How much, such as a rating or an amount.")
@click.option(
    "--time", "time_text", metavar="TIME",
    help="When: seconds since 1970, or ISO 8601 with a time zone.  [default: now]",
)  # fmt: skip
@click.option("--recommendation", metavar="ID", help="The answer of recommend that led to it.")
@click.option("--event-id", metavar="ID", help="Idempotency key.  [default: a new one]")
@context_option
@json_option
@click.pass_obj
def feedback(
    connection: Connection,
    *,
    user: str,
    item: str,
    event_type: str,
    value: float | None,
    time_text: str | None,
    recommendation: str | None,
    event_id: str | None,
    context_pairs: tuple[str, ...],
    as_json: bool,
) -> None:
    """Report that USER did TYPE with ITEM. The event is durable when this returns.

    \b
    recserve feedback user-42 item-7 click
    recserve feedback user-42 item-7 rating --value 4.5 --time 2026-01-31T18:00:00+01:00
    """
    with connection.client() as client:
        receipt = client.feedback(
            user,
            item,
            event_type,
            value=value,
            event_time=moment(time_text, "--time"),
            recommendation=recommendation,
            event_id=event_id,
            context=context_values(context_pairs),
            timeout=connection.timeout,
        )
    if as_json:
        print_json(receipt)
    else:
        outcome = "Stored" if receipt.accepted_count else "Already stored"
        click.echo(f"{outcome}; the event log is at position {receipt.log_position}.")
