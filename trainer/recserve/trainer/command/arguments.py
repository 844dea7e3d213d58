"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path

import click

DATASET = click.Path(exists=True, path_type=Path)

store = click.option(
    "--store", required=True, type=click.Path(exists=True, path_type=Path), help="The model store."
)
new_store = click.option(
    "--store", required=True, type=click.Path(path_type=Path), help="The model store, a folder."
)
model = click.option("--model", default="default", show_default=True, help="Name of the model.")
version = click.option("--version", type=int, help="The version.  [the latest]")
schema = click.option(
    "--schema",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Schema file.  [the dataset's own, else what `inspect` proposes]",
)
family = click.option(
    "--family",
    type=click.Choice(["two_stage", "pointwise"]),
    help="Family of the model.  [pointwise for rows told apart by features and a label]",
)
