"""Arguments and options that several commands take."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

DATASET = click.Path(exists=True, path_type=Path)


class _StorePlace(click.Path):
    """A folder, or a URL as it was written: a path would lose one of its slashes."""

    name = "folder or URL"

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        return value if "://" in str(value) else super().convert(value, param, ctx)


store = click.option(
    "--store", required=True, type=_StorePlace(exists=True, path_type=Path), help="The model store."
)
new_store = click.option(
    "--store",
    required=True,
    type=_StorePlace(path_type=Path),
    help="The model store, a folder or a URL such as s3://bucket/models.",
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
