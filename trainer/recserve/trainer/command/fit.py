"""`recserve-trainer fit`: trains and publishes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recserve.trainer.command import arguments
from recserve.trainer.command.errors import told
from recserve.trainer.command.hyper_parameters import (
    chosen_hyper_parameters,
    hyper_parameter_options,
)

if TYPE_CHECKING:
    from recserve.trainer.origin import Promotion


@click.command()
@click.argument("path", type=arguments.DATASET)
@arguments.new_store
@arguments.model
@arguments.schema
@click.option(
    "--mode",
    type=click.Choice(["full", "warm-start"]),
    default="full",
    show_default=True,
    help="Start from random weights, or from an earlier version's.",
)
@click.option("--base", type=int, help="Version that a warm start begins from.  [the latest]")
@arguments.family
@click.option(
    "--promotion",
    type=click.Choice(["always", "if-better", "never", "canary"]),
    default="always",
    show_default=True,
    help="What a server that watches the store does with the version.",
)
@click.option("--compare-with", type=int, help="Version to measure on the same holdout.")
@click.option(
    "--hyper-parameters",
    "hyper_parameter_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML or JSON file of hyper-parameters, such as `tune` writes; options go first.",
)
@click.option(
    "--allow", multiple=True, metavar="CHECK", help="A quality check that may fail; repeatable."
)
@hyper_parameter_options
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON on stdout.")
@told
def fit(
    path: Path,
    as_json: bool,
    promotion: Promotion,
    hyper_parameter_file: Path | None,
    **options: Any,
) -> None:
    """Train a model on a dataset and publish it as the next version of the store.

    Reads and cleans the data, trains, evaluates on the latest events beside a popularity
    baseline, and publishes STORE/MODEL/VERSION in one step. A run that fails or is
    interrupted publishes nothing. Nor does one on data that fails a quality check, such as a
    feature that knows the label; --allow lets one check fail, [cleaning] in schema.toml for good.
    """
    from recserve.trainer import artefact, console, progress
    from recserve.trainer.checks import QualityError
    from recserve.trainer.origin import Origin
    from recserve.trainer.training import fit as train

    chosen = chosen_hyper_parameters(options)
    if hyper_parameter_file is not None:
        from recserve.trainer import hyper_parameter_file as file

        chosen = file.read(hyper_parameter_file) | chosen
    if options["schema"] is None:
        options["schema"] = console.announced_schema(path)
    try:
        with progress.on_stderr() as bars:
            origin = Origin(promotion=promotion)
            fitted = train(path, hyper_parameters=chosen, origin=origin, progress=bars, **options)
    except QualityError as error:
        console.show_cleaning(error.report)
        raise
    console.show_fitted(fitted)
    if as_json:
        click.echo(artefact.to_json(fitted.manifest), nl=False)
