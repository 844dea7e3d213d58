"""`recserve-trainer inspect`: proposes a schema."""

from __future__ import annotations

from pathlib import Path

import click

from recserve.trainer.command import arguments
from recserve.trainer.command.errors import told
from recserve.trainer.errors import TrainerError


@click.command()
@click.argument("path", type=arguments.DATASET)
@click.option("--write", is_flag=True, help="Write the proposal beside the data, for `fit`.")
@click.option("--json", "as_json", is_flag=True, help="Print the schema as JSON on stdout.")
@told
def inspect(path: Path, write: bool, as_json: bool) -> None:
    """Propose the schema of a dataset.

    PATH is a folder or one CSV or Parquet file. Finds the ids, the label or rating, the time,
    and which other columns belong to the user, the item, the moment or the pair. --write
    saves it as schema.toml in the folder (or NAME.schema.toml beside a single file), and
    never over an existing file.
    """
    from google.protobuf import json_format

    from recserve.trainer import console, dataset
    from recserve.trainer.inspection import inspect as look
    from recserve.trainer.inspection import toml_text

    found = look(path)
    console.show_columns(found)
    if as_json:
        click.echo(json_format.MessageToJson(found.schema, preserving_proto_field_name=True))
    elif not write:
        click.echo(toml_text.render(found), nl=False)
    if write:
        _write_new(dataset.schema_path(path), toml_text.render(found))


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise TrainerError(f"{path} is there already; remove it to have it proposed anew") from None
    except OSError as error:
        raise TrainerError(f"{path}: cannot be written ({error.strerror})") from None
    click.echo(f"wrote {path}", err=True)
