"""`recserve experiments`."""

from typing import TYPE_CHECKING

import click

from recserve.client.command.connection import Connection
from recserve.client.command.moments import moment
from recserve.client.command.output import json_option, print_json, print_table

if TYPE_CHECKING:
    from recserve.client import Estimate, OffPolicyEstimate, VersionComparison, VersionStanding

FEWEST_EFFECTIVE_ANSWERS = 100
"""Below it the interval of an off-policy estimate is not to be trusted."""


@click.command()
@click.option(
    "--since", metavar="TIME",
    help="Answers given at or after it: a date, ISO 8601 with a time zone, or seconds since "
    "1970.  [default: from the first that is kept]",
)  # fmt: skip
@click.option("--until", metavar="TIME", help="Answers given before it.  [default: to the last]")
@click.option(
    "--baseline", type=click.IntRange(min=1), metavar="VERSION",
    help="What the versions are compared with.  "
    "[default: the stable one, else the one that answered most]",
)  # fmt: skip
@click.option(
    "--version", "versions", type=click.IntRange(min=0), metavar="VERSION", multiple=True,
    help="A version to show; 0: answers without a model. May be repeated.  [default: all]",
)  # fmt: skip
@click.option(
    "--event-type", "event_types", metavar="TYPE", multiple=True,
    help="An event type that counts as a success. May be repeated.  "
    "[default: every positive event of the schema]",
)  # fmt: skip
@click.option(
    "--positions", type=click.IntRange(1, 100), default=3, show_default=True,
    help="How many positions of an answer count for the value and the estimates.",
)  # fmt: skip
@click.option("--model", default="", help="The model.  [default: the one the server serves]")
@json_option
@click.pass_obj
def experiments(
    connection: Connection,
    *,
    since: str | None,
    until: str | None,
    baseline: int | None,
    versions: tuple[int, ...],
    event_types: tuple[str, ...],
    positions: int,
    model: str,
    as_json: bool,
) -> None:
    """Compare versions by what users did with their answers.

    A row for each version: answers, users, the share of answers with a success, how much that is
    above the baseline's, and successes an answer in the first positions; each with its 95 %
    interval. An event counts for the answer whose recommendation id it carries.

    A canary against the stable version, by purchases, once both have answered for some days:

    \b
    recserve models label 7 canary
    recserve experiments --since 2026-01-31 --event-type purchase

    A shadow, judged before anybody has seen its answers: let a part of the traffic explore, so
    that it is known how probable each item was, and read the estimates of what the shadow's value
    would be below the table.

    \b
    recserve models label 8 shadow
    recserve recommend user-42 --exploration 0.2
    recserve experiments --version 7 --version 8 --positions 1
    """
    with connection.client() as client:
        comparison = client.compare_versions(
            start_time=moment(since, "--since"),
            end_time=moment(until, "--until"),
            versions=versions,
            baseline=baseline,
            event_types=event_types,
            positions=positions,
            model=model,
            timeout=connection.timeout or 60.0,
        )
    if as_json:
        print_json(comparison)
    elif comparison.versions:
        _print_standings(comparison)
        _print_estimates(comparison)
    else:
        click.echo("No answers were logged in that time.")


def _print_standings(comparison: "VersionComparison") -> None:
    columns = ["version>!", "answers>!", "users>!", "success rate, %>", "difference, %>"]
    columns += ["p-value>!", "value>"]
    rows = [_row(each, comparison.baseline) for each in comparison.versions]
    print_table(columns, rows)
    if any(each.version == 0 for each in comparison.versions):
        click.echo("Version 0 stands for answers that no model gave.")


def _row(standing: "VersionStanding", baseline: int) -> tuple[str, ...]:
    is_baseline = standing.version == baseline and standing.answer_count > 0
    return (
        str(standing.version),
        f"{standing.answer_count:,}",
        f"{standing.user_count:,}",
        _shown(standing.success_rate, percent=True),
        "baseline" if is_baseline else _shown(standing.difference, percent=True, signed=True),
        "-" if standing.p_value is None else f"{standing.p_value:.3g}",
        _shown(standing.value),
    )


def _print_estimates(comparison: "VersionComparison") -> None:
    found = [(each.version, one) for each in comparison.versions for one in each.off_policy]
    if not found:
        return
    click.echo("What the value would be, estimated from answers of others (off-policy):")
    columns = ["version>!", "method!", "value>", "answers>!", "effective answers>!"]
    print_table(columns, [_estimate_row(version, one) for version, one in found])
    few = sorted({v for v, one in found if one.effective_answer_count < FEWEST_EFFECTIVE_ANSWERS})
    for version in few:
        click.echo(
            f"Warning: the estimates of version {version} rest on fewer than "
            f"{FEWEST_EFFECTIVE_ANSWERS} effective answers, so their intervals are not to be "
            "trusted: ask for fewer --positions, or gather more answers with more exploration."
        )


def _estimate_row(version: int, one: "OffPolicyEstimate") -> tuple[str, ...]:
    return (
        str(version),
        one.method.upper(),
        _shown(one.value),
        f"{one.answer_count:,}",
        f"{one.effective_answer_count:,.1f}",
    )


def _shown(estimate: "Estimate | None", *, percent: bool = False, signed: bool = False) -> str:
    """A figure and how far its interval goes to either side, such as "12.30 ±0.50"."""
    if estimate is None:
        return "-"
    sign, scale, digits = "+" if signed else "", 100 if percent else 1, 2 if percent else 3
    half = (estimate.high - estimate.low) / 2
    return f"{scale * estimate.value:{sign}.{digits}f} ±{scale * half:.{digits}f}"
