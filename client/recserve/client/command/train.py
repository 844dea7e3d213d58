"""`recserve train`."""

import sys
from typing import TYPE_CHECKING, Any

import click

from recserve.client.command.connection import Connection
from recserve.client.command.default_command import DefaultCommandGroup
from recserve.client.command.model_metrics import print_metrics
from recserve.client.command.moments import moment
from recserve.client.command.output import (
    json_option,
    print_json,
    print_table,
    shown_choice,
    shown_time,
)
from recserve.client.command.training_progress import shown

if TYPE_CHECKING:
    from recserve.client import TrainingRun, TrainingRunStatus

model_option = click.option(
    "--model", default="", help="The model.  [default: the one the server serves]"
)


@click.group(cls=DefaultCommandGroup)
def train() -> None:
    """Train the next version on the server, and follow the runs that do.

    \b
    recserve train                              from the event log; the same as: train start
    recserve train --mode warm-start            going on from the stable version
    recserve train start --help                 everything that can be chosen
    recserve train list
    """


@train.command()
@click.option(
    "--mode", type=click.Choice(["full", "warm-start"]), default="full", show_default=True,
    help="Start from random weights, or from an earlier version's.",
)  # fmt: skip
@click.option(
    "--dataset", metavar="PATH",
    help="Learn from a dataset that the server can read.  [default: its event log]",
)  # fmt: skip
@click.option(
    "--since", metavar="TIME",
    help="Event time to learn from: a date, ISO 8601 with a time zone, or seconds since 1970.",
)  # fmt: skip
@click.option("--until", metavar="TIME", help="Event time before which to learn.")
@click.option(
    "--base-version", type=int, metavar="VERSION",
    help="The version that a warm start begins from.  "
    "[default: the stable one, else the newest]",
)  # fmt: skip
@click.option(
    "--promotion", type=click.Choice(["if-better", "always", "never", "canary"]),
    default="if-better", show_default=True,
    help="Whether the version becomes stable: if it is better than the stable one and popularity "
    "on the same holdout, always, never, or as the canary.",
)  # fmt: skip
@click.option(
    "--set", "pairs", metavar="NAME=VALUE", multiple=True,
    help="A hyper-parameter, such as max_epochs=5 or hidden_layers=100,50. May be repeated.",
)  # fmt: skip
@model_option
@click.option("--detach", is_flag=True, help="Return at once, without following the run.")
@json_option
@click.pass_obj
def start(
    connection: Connection,
    /,
    *,
    dataset: str | None,
    since: str | None,
    until: str | None,
    pairs: tuple[str, ...],
    detach: bool,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Start a run, and follow it to its end. Ctrl-C stops following; the run goes on.

    \b
    recserve train start --mode warm-start --promotion always
    recserve train start --detach --since 2015-01-01 --set max_epochs=5
    """
    with connection.client() as client:
        run = client.train(
            dataset_path=dataset,
            start_time=moment(since, "--since"),
            end_time=moment(until, "--until"),
            hyper_parameters=dict(map(_hyper_parameter, pairs)),
            timeout=connection.timeout,
            **chosen,
        )
        if detach:
            _print_detached(run, as_json=as_json)
        else:
            _follow(run, as_json=as_json)


@train.command("list")
@model_option
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most.")
@json_option
@click.pass_obj
def list_runs(connection: Connection, *, model: str, limit: int, as_json: bool) -> None:
    """List the runs, newest first."""
    with connection.client() as client:
        runs = client.training_runs(model=model, limit=limit, timeout=connection.timeout)
    if as_json:
        print_json(runs)
    elif runs:
        columns = ["run>!", "state!", "version>!", "mode!", "started (UTC)!", "took>!", "what"]
        print_table(columns, map(_row, runs))
    else:
        click.echo("There were no trainings yet: `recserve train` starts one.")


@train.command()
@click.argument("run")
@json_option
@click.pass_obj
def show(connection: Connection, *, run: str, as_json: bool) -> None:
    """Show how RUN stands, by its number."""
    with connection.client() as client:
        status = client.training_run(run, timeout=connection.timeout).status
    if as_json:
        print_json(status)
        return
    print_table(["field", "value"], _facts(status))
    if status.model_version is not None:
        print_metrics(status.model_version)


@train.command()
@click.argument("run")
@json_option
@click.pass_obj
def watch(connection: Connection, *, run: str, as_json: bool) -> None:
    """Follow RUN to its end. Exit 1 if it made no version."""
    with connection.client() as client:
        _follow(client.training_run(run, timeout=connection.timeout), as_json=as_json)


@train.command()
@click.argument("run")
@json_option
@click.pass_obj
def logs(connection: Connection, *, run: str, as_json: bool) -> None:
    """Print what RUN said: its stages, how each pass ended, notes, and its end.

    Kept with the run, for runs of the past too. `recserve train watch RUN` follows one that is at
    work; `recserve models show VERSION` has the figures of what it made.
    """
    with connection.client() as client:
        lines = client.training_run(run, timeout=connection.timeout).status.log
    if as_json:
        print_json(lines)
    for line in () if as_json else lines:
        click.echo(f"{shown_time(line.time)}  {line.stage:<10} {line.text}")


@train.command()
@click.argument("run")
@click.pass_obj
def cancel(connection: Connection, *, run: str) -> None:
    """End RUN; no version is made."""
    with connection.client() as client:
        status = client.training_run(run, timeout=connection.timeout).cancel(connection.timeout)
    click.echo(f"Training run {status.number} is cancelled.")


def _follow(run: "TrainingRun", *, as_json: bool) -> None:
    """Follow a run to its end, and print what it made."""
    click.echo(f"Training run {run.number}.", err=True)
    try:
        shown(run)
    except KeyboardInterrupt:
        number = run.number
        click.echo(
            f"\nThe run goes on: `recserve train watch {number}` follows it, "
            f"`recserve train cancel {number}` ends it.",
            err=True,
        )
        sys.exit(130)
    if as_json:
        print_json(run.status)
    version = run.result()
    if as_json:
        return
    click.echo(f"It made version {version.version}, in {version.training_seconds:.0f} s.")
    print_metrics(version)
    if version.unpromoted_reason:
        click.echo(f"It is not promoted: {version.unpromoted_reason}.")
        click.echo(f"`recserve models label {version.version} stable` promotes it all the same.")
    else:
        click.echo("It is being loaded; `recserve models list` tells when it serves.")


def _print_detached(run: "TrainingRun", *, as_json: bool) -> None:
    if as_json:
        print_json(run.status)
    else:
        number = run.number
        click.echo(f"Training run {number} is at work; `recserve train watch {number}` follows it.")


def _hyper_parameter(pair: str) -> tuple[str, float | int | tuple[int, ...]]:
    name, _, text = pair.partition("=")
    try:
        if name == "hidden_layers":
            return name, tuple(int(part) for part in text.split(","))
        return name, int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        what = f"{pair!r} is not NAME=VALUE with a number, or numbers with commas between them"
        raise click.BadParameter(what, param_hint="--set") from None


def _row(status: "TrainingRunStatus") -> tuple[str, ...]:
    made, progress = status.model_version, status.progress
    what = status.error
    if made is not None:
        what = ", ".join(f"{each.name} {each.value:.4f}" for each in made.metrics[:2])
    elif progress is not None and not status.state.has_ended:
        what = progress.stage
    started = status.start_time or status.create_time
    return (
        str(status.number),
        status.state,
        "-" if made is None else str(made.version),
        shown_choice(status.mode),
        "-" if started is None else f"{started:%Y-%m-%d %H:%M}",
        _took(status),
        f"{what} [by itself: {status.trigger}]".strip() if status.trigger else what,
    )


def _took(status: "TrainingRunStatus") -> str:
    if status.start_time is None or status.end_time is None:
        return "-"
    return f"{(status.end_time - status.start_time).total_seconds():.0f} s"


def _facts(status: "TrainingRunStatus") -> list[tuple[str, str]]:
    made, progress = status.model_version, status.progress
    base = f" from version {status.base_version}" if status.base_version else ""
    facts = [
        ("name", status.name),
        ("state", status.state),
        ("error", status.error),
        ("version", "" if made is None else str(made.version)),
        ("mode", shown_choice(status.mode) + base),
        ("learns from", status.dataset_path or "the event log"),
        ("promotion", shown_choice(status.promotion)),
        ("not promoted", "" if made is None else made.unpromoted_reason),
        ("begun by", f"the server: {status.trigger}" if status.trigger else "request"),
        ("stage", "" if progress is None else progress.stage),
        ("asked for", shown_time(status.create_time)),
        ("started", shown_time(status.start_time)),
        ("ended", shown_time(status.end_time)),
    ]
    facts += [(name, str(value)) for name, value in status.hyper_parameters.items()]
    return [(name, text) for name, text in facts if text]
