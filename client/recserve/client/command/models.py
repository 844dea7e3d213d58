"""`recserve models`."""

from typing import TYPE_CHECKING

import click

from recserve.client.command.connection import Connection
from recserve.client.command.output import (
    json_option,
    print_json,
    print_table,
    shown_size,
    shown_time,
)

if TYPE_CHECKING:
    from recserve.client import ModelVersion


@click.group()
def models() -> None:
    """See the trained versions."""


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
        click.echo("The store has no versions yet: `recserve-trainer fit` makes one.")
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
    metrics = [
        (metric.name, f"{metric.value:.4f}", _shown_baseline(metric.baseline))
        for metric in version.metrics
    ]
    print_table(["metric", "value>", "popularity>"], metrics)


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
        ("trained", f"{lineage.mode}{base}, in {version.training_seconds:.1f} s"),
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


def _shown_baseline(baseline: float | None) -> str:
    return "-" if baseline is None else f"{baseline:.4f}"
