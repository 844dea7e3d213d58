"""`recserve-trainer evaluate`: measures a version again."""

from __future__ import annotations

from pathlib import Path

import click

from recserve.trainer.command import arguments
from recserve.trainer.command.errors import told


@click.command()
@click.argument("path", type=arguments.DATASET)
@arguments.store
@arguments.model
@arguments.version
@click.option("--json", "as_json", is_flag=True, help="Print the evaluation as JSON on stdout.")
@told
def evaluate(path: Path, store: str | Path, model: str, version: int | None, as_json: bool) -> None:
    """Measure a published version again, from its SavedModel, on a dataset's holdout.

    On the dataset that the version was trained on, the figures are those of its manifest. On
    another, the holdout is cut by the same rule; events that the version was trained on may
    lie in it.
    """
    from google.protobuf import json_format

    from recserve.trainer import console
    from recserve.trainer.measuring import measure

    measured = measure(path, store, model=model, version=version)
    click.echo(f"measured {measured.name}", err=True)
    console.show_evaluation(measured.evaluation)
    if as_json:
        click.echo(json_format.MessageToJson(measured.evaluation, preserving_proto_field_name=True))
