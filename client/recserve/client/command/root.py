"""`recserve`: the options that every command shares."""

import click

from recserve.client.address import DEFAULT_ADDRESS
from recserve.client.command.bench import bench
from recserve.client.command.connection import Connection
from recserve.client.command.events import events
from recserve.client.command.experiments import experiments
from recserve.client.command.feedback import feedback
from recserve.client.command.items import items
from recserve.client.command.models import models
from recserve.client.command.recommend import recommend
from recserve.client.command.similar import similar
from recserve.client.command.status import status
from recserve.client.command.train import train
from recserve.client.command.users import users

EXISTING_FILE = click.Path(exists=True, dir_okay=False)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.",
)
@click.option(
    "--server",
    metavar="HOST:PORT",
    default=DEFAULT_ADDRESS,
    envvar="RECSERVE_SERVER",
    show_default=True,
    show_envvar=True,
    help="Where the server is; gRPC targets such as unix:/run/recserve.sock work too.",
)
@click.option("--tls", is_flag=True, help="Use TLS, with the system's root certificates.")
@click.option(
    "--root-certificates",
    metavar="FILE",
    type=EXISTING_FILE,
    help="Use TLS, with the root certificates in this PEM file.",
)
@click.option(
    "--client-certificate",
    metavar="FILE",
    type=EXISTING_FILE,
    help="PEM file of this client's certificate, for mutual TLS; with --client-key.",
)
@click.option(
    "--client-key",
    metavar="FILE",
    type=EXISTING_FILE,
    help="PEM file of this client's private key; with --client-certificate.",
)
@click.option(
    "--token",
    metavar="TOKEN",
    envvar="RECSERVE_TOKEN",
    show_envvar=True,
    help="Bearer token, sent with each call over TLS. Better in the variable than in the "
    "command line, which others can see.",
)
@click.option(
    "--allow-insecure-token",
    is_flag=True,
    help="Let the token go in plaintext to a server on this machine.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    help="Deadline of a call, retries included.  [default: 1 for recommend and similar, "
    "120 for models label, 60 for users delete and experiments, 30 for models delete and train "
    "cancel, else 10]",
)
@click.version_option(package_name="recserve", prog_name="recserve")
@click.pass_context
def main(context: click.Context, /, **options: object) -> None:
    """Ask a recserve server for recommendations, tell it what users did, have it learn.

    \b
    recserve recommend user-42
    recserve similar item-7
    recserve feedback user-42 item-7 click
    recserve events tail
    recserve items upsert items.jsonl
    recserve users delete user-42
    recserve train --mode warm-start
    recserve models list
    recserve experiments
    recserve status
    recserve bench
    """
    context.obj = Connection(**options)  # type: ignore[arg-type] # click checked them


for command in (
    recommend, similar, feedback, events, items, users, train, models, experiments, status, bench,
):  # fmt: skip
    main.add_command(command)
