"""`recserve status`."""

from typing import TYPE_CHECKING

import click

from recserve.client.command import live_status
from recserve.client.command.connection import Connection
from recserve.client.command.output import json_option, print_json

if TYPE_CHECKING:
    from recserve.client import ServerStatus


@click.command()
@click.option(
    "--service", metavar="NAME", default="",
    help="Exit by this service's health: recserve.model asks for a warm model version.  "
    "[default: the server as a whole]",
)  # fmt: skip
@click.option(
    "--wait", metavar="SECONDS", type=click.FloatRange(min=0), default=0.0,
    help="Wait this long for it, a server that is yet to start included.",
)  # fmt: skip
@click.option(
    "--watch", is_flag=True,
    help="Show a live table until Ctrl-C: health, versions, training, rates and latencies.",
)  # fmt: skip
@click.option(
    "--every", metavar="SECONDS", type=click.FloatRange(min=0.1), default=2.0, show_default=True,
    help="Between two looks, with --watch.",
)  # fmt: skip
@click.option(
    "--metrics", metavar="URL",
    help="The server's metrics page, for the rates of --watch.  "
    "[default: http://127.0.0.1:9464/metrics for a server on this machine, else none]",
)  # fmt: skip
@json_option
@click.pass_obj
def status(
    connection: Connection,
    *,
    service: str,
    wait: float,
    watch: bool,
    every: float,
    metrics: str | None,
    as_json: bool,
) -> None:
    """Say how the server stands. Exit 0 if it is serving, else 1: a health check.

    \b
    recserve status --watch
    recserve status --wait 30
    recserve status --service recserve.model --json
    """
    if watch and as_json:
        raise click.UsageError("--watch is for people: ask for --json as often as you like")
    with connection.client() as client:
        if watch:
            page = live_status.metrics_url(metrics, connection.server)
            timeout = connection.timeout or every
            live_status.watch(client, connection.server, page, every, timeout)
            return
        asked = client.health(service, wait=wait, timeout=connection.timeout)
        seen = client.status(timeout=connection.timeout)
    if as_json:
        print_json(seen)
    else:
        _print_status(connection.server, seen)
    if asked != "serving":
        name = f"service {service!r} of the server" if service else "the server"
        raise click.ClickException(f"{name} at {connection.server} is {_words(asked)}")


def _print_status(server: str, seen: "ServerStatus") -> None:
    click.echo(f"server   {server}: {_words(seen.health)}")
    click.echo(f"model    {_words(seen.model_health)}")
    for version in seen.serving:
        labels = ", ".join(version.labels) or "no label"
        click.echo(f"version  {version.name} ({labels})")
    if seen.error:
        click.echo(f"The versions could not be listed: {seen.error}", err=True)


def _words(health: str) -> str:
    return "unknown" if health == "service_unknown" else health.replace("_", " ")
