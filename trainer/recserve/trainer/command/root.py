"""The root of the command: what all commands hang on."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import click

from recserve.trainer.command.compare import compare
from recserve.trainer.command.embed import embed
from recserve.trainer.command.evaluate import evaluate
from recserve.trainer.command.fit import fit
from recserve.trainer.command.inspect import inspect
from recserve.trainer.command.report import report
from recserve.trainer.command.tune import tune


def main() -> None:
    """Runs the command."""
    # A termination unwinds like Ctrl-C, so that a staged version is cleared away.
    signal.signal(signal.SIGTERM, _terminated)
    cli.main(prog_name="recserve-trainer")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="recserve", prog_name="recserve-trainer")
def cli() -> None:
    """Learn recommendation models from behaviour data.

    \b
    recserve-trainer inspect data.csv --write           propose what the columns mean
    recserve-trainer fit data.csv --store models        train, evaluate, publish a version
    recserve-trainer evaluate data.csv --store models   measure a version again
    recserve-trainer compare data.csv                   beside tuned baselines, on any data
    recserve-trainer embed data.csv --store models      write vectors and features as Parquet
    recserve-trainer report --store models              show a version as a page
    recserve-trainer tune data.csv --store models       search the hyper-parameters

    A server that watches the store loads each new version without dropping a request.
    """


for _command in (inspect, fit, evaluate, compare, embed, report, tune):
    cli.add_command(_command)


def _terminated(signal_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal_number)
