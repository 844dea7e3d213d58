"""`recserve models`."""

import sys
from typing import TYPE_CHECKING

import click

from recserve.client.command.connection import Connection
from recserve.client.command.model_metrics import print_metrics
from recserve.client.command.output import (
    json_option,
    print_json,
    print_table,
    shown_choice,
    shown_size,
    shown_time,
)

if TYPE_CHECKING:
    from recserve.client import ModelVersion


@click.group()
def models() -> None:
    """See the trained versions, move their labels, delete them.

    \b
    recserve models list
    recserve models label 2 stable
    """


@models.command(name="list")
@click.option("--model", default="", help="The model.  [default: the one the server serves]")
@json_option
@click.pass_obj
def list_versions(connection: Connection, *, model: str, as_json: bool) -> None:
    """List the versions in the server's store, newest first."""
    with connection.client() as client:
        versions = client.models(model=model, timeout=connection.timeout)
    if as_json:
        print_json(versions)
        return
    if not versions:
        click.echo("The store has no versions yet: `recserve train` makes one.")
        return
    columns = ["version>!", "state!", "labels!", "created (UTC)!", "events>!", "items>!", "metrics"]
    print_table(columns, [_row(version) for version in versions])


@models.command()
@click.argument("version_or_label", metavar="VERSION_OR_LABEL")
@click.option("--model", default="", help="The model.  [default: the one the server serves]")
@json_option
@click.pass_obj
def show(connection: Connection, *, version_or_label: str, model: str, as_json: bool) -> None:
    """Show one version, by its number or by a label such as stable."""
    with connection.client() as client:
        version = client.model(version_or_label, model=model, timeout=connection.timeout)
    if as_json:
        print_json(version)
        return
    print_table(["field", "value"], _facts(version))
    print_metrics(version)


@models.command()
@click.argument("version_or_label", metavar="VERSION_OR_LABEL")
@click.argument("label", type=click.Choice(["stable", "canary", "shadow"]))
@click.option("--model", default="", help="The model.  [default: the one the server serves]")
@click.pass_obj
def label(connection: Connection, *, version_or_label: str, label: str, model: str) -> None:
    """Move LABEL to a version: promote it, or roll back to it.

    Returns when the version is warm and answers. Where the version is stable, "canary" and
    "shadow" are taken off whatever has them.

    \b
    recserve models label 2 stable
    recserve models label canary stable
    """
    with connection.client() as client:
        version = client.set_model_label(
            version_or_label, label, model=model, timeout=connection.timeout or 120.0
        )
    if label in version.labels:
        click.echo(f"Version {version.version} has the label {', '.join(version.labels)}.")
    else:
        click.echo(f"Version {version.version} is stable, so no version has the label {label} now.")


@models.command()
@click.argument("version", type=int)
@click.option("--model", default="", help="The model.  [default: the one the server serves]")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def delete(connection: Connection, *, version: int, model: str, yes: bool) -> None:
    """Delete VERSION, which must have no label. Its number is never given again."""
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("deleting is for good: say --yes")
        click.confirm(f"Delete version {version} for good?", abort=True)
    with connection.client() as client:
        client.delete_model_version(version, model=model, timeout=connection.timeout or 30.0)
    click.echo(f"Version {version} is deleted.")


def _row(version: "ModelVersion") -> tuple[str, ...]:
    return (
        str(version.version),
        version.state,
        ", ".join(version.labels) or "-",
        "-" if version.create_time is None else f"{version.create_time:%Y-%m-%d %H:%M}",
        f"{version.lineage.event_count:,}",
        f"{version.lineage.item_count:,}",
        version.error or ", ".join(f"{each.name} {each.value:.4f}" for each in version.metrics[:2]),
    )


def _facts(version: "ModelVersion") -> list[tuple[str, str]]:
    lineage = version.lineage
    base = f" from version {lineage.base_version}" if lineage.base_version else ""
    facts = [
        ("name", version.name),
        ("state", version.state),
        ("labels", ", ".join(version.labels) or "-"),
        ("error", version.error),
        ("created", shown_time(version.create_time)),
        ("family", version.family),
        ("training run", version.training_run),
        (
            "promotion",
            "" if version.promotion == "unspecified" else shown_choice(version.promotion),
        ),
        ("not promoted", version.unpromoted_reason),
        ("rolled back", version.rollback_reason),
        ("trained", f"{shown_choice(lineage.mode)}{base}, in {version.training_seconds:.1f} s"),
        ("events", f"{lineage.event_count:,}"),
        ("users", f"{lineage.user_count:,}"),
        ("items", f"{lineage.item_count:,}"),
        ("first event", shown_time(lineage.first_event_time)),
        ("last event", shown_time(lineage.last_event_time)),
        ("holdout", f"{version.holdout}, {version.holdout_event_count:,} events"),
        ("size", shown_size(version.size_bytes)),
        ("made by", ", ".join(version.producers)),
    ]
    facts += [(name, str(value)) for name, value in version.hyper_parameters.items()]
    return [(name, text) for name, text in facts if text]
