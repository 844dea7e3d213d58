"""`recserve-trainer embed`: vectors and features as Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recserve.trainer.command import arguments
from recserve.trainer.command.errors import told


@click.command()
@click.argument("path", type=arguments.DATASET)
@arguments.store
@arguments.model
@arguments.version
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("embeddings"),
    show_default=True,
    help="The folder to write; must not be there yet.",
)
@click.option("--vectors-only", is_flag=True, help="Leave out the hidden layer: quicker.")
@click.option("--json", "as_json", is_flag=True, help="Print a summary as JSON on stdout.")
@told
def embed(path: Path, as_json: bool, **options: Any) -> None:
    """Write what a version has learned of users and items, for other programs, as Parquet.

    \b
    items.parquet         a vector, hidden-layer features and a cluster for each item
    users.parquet         the same for each user
    interactions.parquet  hidden-layer features and the score of each event

    The files hold the dataset's user ids, which no model version does: keep them as you keep
    the data.
    """
    import json

    from recserve.trainer import tally
    from recserve.trainer.embedding.embed import embed as write

    with tally.on_stderr() as told:
        embedded = write(path, tally=told, **options)
    for file in embedded.files:
        size = f"{file.rows:,} rows, {file.bytes / 1e6:.1f} MB"
        click.echo(f"wrote {embedded.output / file.name}: {size}", err=True)
    if as_json:
        click.echo(json.dumps(embedded.summary(), indent=2))
