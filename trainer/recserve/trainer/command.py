"""The command `recserve-trainer`."""

from __future__ import annotations

import functools
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, ParamSpec

import click

from recserve.trainer.errors import HyperParameterError, TrainerError

if TYPE_CHECKING:
    from recserve.trainer.origin import Promotion

P = ParamSpec("P")

DATASET = click.Path(exists=True, path_type=Path)

# The options that mirror recserve.v1.HyperParameters: type and help. Ranges and defaults are
# checked where they are defined, with pydantic, which the help must not wait for.
HYPER_PARAMETERS: dict[str, tuple[Any, str]] = {
    "hidden_layers": (str, "Units of the ranker's hidden layers, such as 100,50.  [100,50]"),
    "embedding_width": (int, "Width of item and user vectors, 4 to 1024.  [64]"),
    "history_length": (int, "Past events of a user that the model reads, 1 to 1000.  [50]"),
    "candidate_count": (int, "Items that retrieval hands to ranking, 10 to 10000.  [200]"),
    "learning_rate": (float, "Step size of Adam, above 0, at most 1.  [0.001]"),
    "batch_size": (int, "Examples per step, 1 to 65536.  [256]"),
    "max_epochs": (int, "Most passes over the data, for each stage, 1 to 1000.  [30]"),
    "patience": (int, "Passes without improvement before stopping, 1 to 100.  [3]"),
    "dropout": (float, "Share of units dropped while training, 0 to 0.9.  [0.1]"),
    "l2": (float, "Weight of the L2 penalty, 0 to 1.  [1e-6]"),
    "negatives_per_positive": (int, "Negatives the ranker sees per positive, 1 to 100.  [8]"),
    "holdout_share": (float, "Share of the latest events held out, to 0.5.  [0.2]"),
    "seed": (int, "Seed of every random choice.  [42]"),
}


def main() -> None:
    """Runs the command."""
    # A termination unwinds like Ctrl-C, so that a staged version is cleared away.
    signal.signal(signal.SIGTERM, _terminated)
    cli.main(prog_name="recserve-trainer")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="recserve", prog_name="recserve-trainer")
def cli() -> None:
    """Learn recommendation models from behaviour data.

    \b
    recserve-trainer inspect data.csv --write           propose what the columns mean
    recserve-trainer fit data.csv --store models        train, evaluate, publish a version
    recserve-trainer evaluate data.csv --store models   measure a version again

    A server that watches the store loads each new version without dropping a request.
    """


def _told(function: Callable[P, None]) -> Callable[P, None]:
    """Turns the errors that the caller can mend into a line on stderr and an exit code."""

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except HyperParameterError as error:
            raise click.UsageError(_as_options(str(error))) from None
        except TrainerError as error:
            click.echo(f"Error: {error}", err=True)
            raise SystemExit(1) from None

    return wrapped


def _as_options(text: str) -> str:
    """Hyper-parameters by the names of their options."""
    names = "|".join(HYPER_PARAMETERS)
    return re.sub(rf"\b({names}) must", lambda m: f"--{m[0].replace('_', '-')}", text)


def _hyper_parameter_options(function: Callable[..., None]) -> Callable[..., None]:
    for name, (kind, text) in reversed(HYPER_PARAMETERS.items()):
        option = "--" + name.replace("_", "-")
        function = click.option(option, name, type=kind, default=None, help=text)(function)
    return function


@cli.command()
@click.argument("path", type=DATASET)
@click.option("--write", is_flag=True, help="Write the proposal beside the data, for `fit`.")
@click.option("--json", "as_json", is_flag=True, help="Print the schema as JSON on stdout.")
@_told
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


@cli.command()
@click.argument("path", type=DATASET)
@click.option(
    "--store", required=True, type=click.Path(path_type=Path), help="The model store, a folder."
)
@click.option("--model", default="default", show_default=True, help="Name of the model.")
@click.option(
    "--schema",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Schema file.  [the dataset's own, else what `inspect` proposes]",
)
@click.option(
    "--mode",
    type=click.Choice(["full", "warm-start"]),
    default="full",
    show_default=True,
    help="Start from random weights, or from an earlier version's.",
)
@click.option("--base", type=int, help="Version that a warm start begins from.  [the latest]")
@click.option(
    "--family",
    type=click.Choice(["two_stage", "pointwise"]),
    help="Family of the model.  [pointwise for rows told apart by features and a label]",
)
@click.option(
    "--promotion",
    type=click.Choice(["always", "if-better", "never", "canary"]),
    default="always",
    show_default=True,
    help="What a server that watches the store does with the version.",
)
@click.option("--compare-with", type=int, help="Version to measure on the same holdout.")
@_hyper_parameter_options
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON on stdout.")
@_told
def fit(
    path: Path, as_json: bool, hidden_layers: str | None, promotion: Promotion, **options: Any
) -> None:
    """Train a model on a dataset and publish it as the next version of the store.

    Reads and cleans the data, trains, evaluates on the latest events beside a popularity
    baseline, and publishes STORE/MODEL/VERSION in one step. A run that fails or is
    interrupted publishes nothing.
    """
    from recserve.trainer import artefact, console, progress
    from recserve.trainer.origin import Origin
    from recserve.trainer.training import fit as train

    names = HYPER_PARAMETERS.keys() - {"hidden_layers"}
    chosen = {name: options.pop(name) for name in names}
    chosen = {name: value for name, value in chosen.items() if value is not None}
    if hidden_layers is not None:
        chosen["hidden_layers"] = _units(hidden_layers)
    _check(chosen)
    if options["schema"] is None:
        options["schema"] = console.announced_schema(path)
    with progress.on_stderr() as bars:
        origin = Origin(promotion=promotion)
        fitted = train(path, hyper_parameters=chosen, origin=origin, progress=bars, **options)
    console.show_fitted(fitted)
    if as_json:
        click.echo(artefact.to_json(fitted.manifest), nl=False)


@cli.command()
@click.argument("path", type=DATASET)
@click.option(
    "--store", required=True, type=click.Path(exists=True, path_type=Path), help="The model store."
)
@click.option("--model", default="default", show_default=True, help="Name of the model.")
@click.option("--version", type=int, help="The version.  [the latest]")
@click.option("--json", "as_json", is_flag=True, help="Print the evaluation as JSON on stdout.")
@_told
def evaluate(path: Path, store: Path, model: str, version: int | None, as_json: bool) -> None:
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
    console.show_report(measured.report)
    if as_json:
        click.echo(json_format.MessageToJson(measured.message, preserving_proto_field_name=True))


def _units(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise click.UsageError(
            f"--hidden-layers: {text!r} is no list of whole numbers, such as 100,50"
        ) from None


def _check(chosen: dict[str, Any]) -> None:
    """Refuses what is out of range before any data is read."""
    from recserve.trainer.hyper_parameters import HyperParameters

    HyperParameters.checked(**chosen)


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise TrainerError(f"{path} is there already; remove it to have it proposed anew") from None
    except OSError as error:
        raise TrainerError(f"{path}: cannot be written ({error.strerror})") from None
    click.echo(f"wrote {path}", err=True)


def _terminated(signal_number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + signal_number)
