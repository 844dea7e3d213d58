"""Arguments and options that several commands take."""

from __future__ import annotations

from pathlib import Path

import click

DATASET = click.Path(exists=True, path_type=Path)


class _StorePlace(click.ParamType):  # type: ignore[type-arg]  # generic in newer clicks
    """A folder, or a URL as it was written: a path would lose one of its slashes."""

    name = "folder or URL"

    def __init__(self, *, exists: bool) -> None:
        self._folder = click.Path(exists=exists, path_type=Path)

    def convert(
        self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | Path:
        if "://" in str(value):
            return value
        return Path(self._folder.convert(str(value), param, ctx))


store = click.option(
    "--store", required=True, type=_StorePlace(exists=True), help="The model store."
)
new_store = click.option(
    "--store",
    required=True,
    type=_StorePlace(exists=False),
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
