"""`recserve bench`."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import click

from recserve.client.command.connection import Connection
from recserve.client.command.default_command import DefaultCommandGroup
from recserve.client.command.id_lists import ids_from
from recserve.client.command.load_options import LoadOptions, load_options
from recserve.client.command.load_progress import load_watcher
from recserve.client.command.load_report import print_report
from recserve.client.command.output import print_json

if TYPE_CHECKING:
    from recserve.client.load.generator import Step
    from recserve.client.load.remote_call import Request
    from recserve.client.load.report import BenchReport

# Channels to one address share their connections unless told otherwise.
_OWN_CONNECTIONS = {"grpc.use_local_subchannel_pool": 1}


class _BenchGroup(DefaultCommandGroup):
    default_command = "recommend"


@click.group(cls=_BenchGroup)
def bench() -> None:
    """Measure a running server: calls per second, and how long they take.

    \b
    recserve bench                              the same as: bench recommend
    recserve bench --rate 500,1000 --plot latency.png
    recserve bench feedback --event-type click --items items.txt
    recserve bench recommend --help             everything that can be chosen

    A closed loop (--in-flight) finds what a server can do: its callers wait for it, so a slow
    server gets fewer calls. An open loop (--rate) finds how long users would wait at a given
    traffic: calls come whether or not it keeps up. Latencies are those of OK answers.

    The generator is one process of Python and takes a core to itself at a few thousand calls per
    second. Run it on another machine or on cores of its own; where it is the limit, an external
    generator such as h2load measures higher rates.
    """


@bench.command()
@click.option(
    "-n", "--num-results", type=click.IntRange(1, 1000), default=10, show_default=True,
    help="Results wanted.",
)  # fmt: skip
@click.option("--label", metavar="LABEL", help="Ask the version with this label.")
@load_options
@click.pass_obj
def recommend(
    connection: Connection, /, *, num_results: int, label: str | None, **given: Any
) -> None:
    """Measure Recommend. It changes nothing on the server.

    \b
    recserve bench recommend --in-flight 1,8,64 --users users.txt
    recserve bench recommend --rate 200 --rate 400 --duration 30 --json
    recserve bench recommend --label canary --plot canary.png
    """
    options = LoadOptions(**given)
    user_ids = ids_from(options.users, "user", "--users")
    from recserve.client.load.requests import recommend_requests

    next_request = recommend_requests(
        user_ids, _chance(options), num_results=num_results, model_label=label
    )
    _measure(connection, options, "Recommend", next_request, default_deadline=1.0)


@bench.command()
@click.option("--event-type", metavar="TYPE", required=True, help="What the users did.")
@click.option(
    "--items", metavar="FILE|N", required=True,
    help="Item ids, drawn evenly: a file with one per line, or N for item-1 to item-N.",
)  # fmt: skip
@click.option("--value", type=float, help="How much, such as a rating or an amount.")
@load_options
@click.pass_obj
def feedback(
    connection: Connection,
    /,
    *,
    event_type: str,
    items: str,
    value: float | None,
    **given: Any,
) -> None:
    """Measure Feedback. EACH CALL STORES AN EVENT in the server's log, for good.

    What is recommended reflects these events, and the next training learns from them. Use a
    server that is there to be measured. The warm-up stores events too.

    \b
    recserve bench feedback --event-type click --items 1000 --users 1000
    recserve bench feedback --event-type rating --value 4 --items items.txt --rate 100
    """
    options = LoadOptions(**given)
    user_ids = ids_from(options.users, "user", "--users")
    item_ids = ids_from(items, "item", "--items")
    from recserve.client.load.requests import feedback_requests

    click.echo(f"Each call stores an event in the log of {connection.server}.", err=True)
    next_request = feedback_requests(
        user_ids, item_ids, _chance(options), event_type=event_type, value=value
    )
    _measure(connection, options, "Feedback", next_request, default_deadline=10.0)


def _chance(options: LoadOptions) -> Random:
    return Random(options.seed)  # noqa: S311 - users and items are no secret


def _measure(
    connection: Connection,
    options: LoadOptions,
    method: str,
    next_request: "Callable[[], Request]",
    *,
    default_deadline: float,
) -> None:
    """Make the load and print what it showed. Exit 130 if it is interrupted, 1 if all failed."""
    from recserve.client.load.generator import Generator
    from recserve.client.load.plot import check_plot

    plan = options.plan(connection.timeout or default_deadline)
    interrupted = False
    with connection.session(_OWN_CONNECTIONS) as session:
        if options.plot is not None:
            check_plot(options.plot)
        with load_watcher(plan.warm_up, plan.duration) as watcher:
            generator = Generator(
                session,
                plan,
                lambda stubs: getattr(stubs.recommender, method),
                next_request,
                watcher,
            )
            try:
                generator.run()
            except KeyboardInterrupt:
                interrupted = True
    steps = [step for step in generator.steps if step.recorder.calls or not interrupted]
    report = _report(connection.server, method, steps, interrupted=interrupted)
    if options.as_json:
        print_json(report)
    elif steps:
        print_report(report)
    if options.plot is not None and steps:
        _plot(options.plot, f"{method} on {connection.server}", steps)
    if interrupted:
        what = "this is what was measured until then" if steps else "nothing was measured yet"
        click.echo(f"Interrupted; {what}.", err=True)
        sys.exit(130)
    if not any(step.calls for step in report.steps):
        raise click.ClickException("no call was due: raise --rate or --duration")
    if not any(step.outcomes.get("OK") for step in report.steps):
        raise click.ClickException("no call succeeded")


def _report(
    server: str, method: str, steps: "Sequence[Step]", *, interrupted: bool
) -> "BenchReport":
    from recserve.client.load.report import BenchReport, step_report

    return BenchReport(
        server=server,
        method=method,
        interrupted=interrupted,
        steps=[step_report(step.load, step.recorder, step.cores) for step in steps],
    )


def _plot(path: Path, title: str, steps: "Sequence[Step]") -> None:
    from recserve.client.load.plot import PlottedStep, save_plot

    drawn = [PlottedStep.of(step.load, step.recorder) for step in steps]
    answered = [step for step in drawn if step is not None]
    if not answered:
        click.echo("There is no plot: no call succeeded.", err=True)
        return
    try:
        save_plot(path, title, answered)
    except OSError as error:
        raise click.ClickException(f"the plot could not be saved: {error}") from error
    click.echo(f"The plot is in {path}.", err=True)
