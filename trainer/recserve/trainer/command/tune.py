"""`recserve-trainer tune`: searches hyper-parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recserve.trainer.command import arguments
from recserve.trainer.command.errors import told
from recserve.trainer.command.hyper_parameters import (
    chosen_hyper_parameters,
    hyper_parameter_options,
)
from recserve.trainer.errors import TrainerError


@click.command()
@click.argument("path", type=arguments.DATASET)
@arguments.new_store
@arguments.model
@arguments.schema
@arguments.family
@click.option("--time", "span", metavar="SPAN", help="How long to search: 45s, 30m, 1h30m.  [30m]")
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    help="Trials at most, an earlier run's included. Alone, it is the only bound.",
)
@click.option(
    "--study",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps the search.  [STORE.tuning/MODEL]",
)
@click.option("--resume", is_flag=True, help="Go on with the search of the folder, if any.")
@click.option("--fit", "fits", is_flag=True, help="Train with the best found, and publish.")
@hyper_parameter_options
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on stdout.")
@told
def tune(
    path: Path,
    store: str | Path,
    model: str,
    span: str | None,
    study: Path | None,
    fits: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Search the hyper-parameters by which a model of this dataset does best.

    Each trial trains on the earlier part of the events that `fit` trains on, and is measured on
    the later part: NDCG@10, or log loss for the pointwise family. What `fit` holds out is never
    looked at. Hyper-parameters that are given as options are not searched.

    The search ends in time: no trial begins that would not end in it, by the median of
    those before, and one at work is stopped. Killed or ended, it goes on with --resume. The best is
    written as best.toml in the folder, for `fit --hyper-parameters`.
    """
    import json

    from recserve.trainer import artefact, console, progress

    try:
        from recserve.trainer.tuning import telling
        from recserve.trainer.tuning.search import tune as search
    except ModuleNotFoundError as error:
        if error.name != "optuna":
            raise
        raise TrainerError("a search needs optuna: pip install 'recserve[tune]'") from None

    chosen = chosen_hyper_parameters(options)
    seconds = None if span is None and options["trials"] else _seconds(span or "30m")
    folder = study or _beside(store) / model
    with telling.on_stderr() as told:
        tuned = search(
            path,
            folder,
            hyper_parameters=chosen,
            seconds=seconds,
            progress=progress.Lines(),
            telling=told,
            **options,
        )
    console.show_tuned(tuned)
    result = tuned.summary()
    if fits:
        from recserve.trainer.training import fit as train

        with progress.on_stderr() as bars:
            fitted = train(
                path,
                store,
                model=model,
                schema=options["schema"],
                family=tuned.family,
                hyper_parameters=tuned.hyper_parameters,
                progress=bars,
            )
        console.show_fitted(fitted)
        result["version"] = json.loads(artefact.to_json(fitted.manifest))
    else:
        named = "" if model == "default" else f"--model {model} "
        click.echo(
            f"to train with it: recserve-trainer fit {path} --store {store} {named}"
            f"--family {tuned.family} --hyper-parameters {tuned.best_file}",
            err=True,
        )
    if as_json:
        click.echo(json.dumps(result, indent=2))


def _beside(store: str | Path) -> Path:
    """Where the search of a store is kept: beside its folder; of a URL, in the working folder."""
    from recserve.trainer.location import as_folder

    folder = (as_folder(store) or Path(str(store).rstrip("/").rpartition("/")[2])).absolute()
    return folder.with_name(f"{folder.name}.tuning")


def _seconds(text: str) -> float:
    from recserve.trainer import time_span

    try:
        return time_span.seconds(text)
    except ValueError as error:
        raise click.UsageError(f"--time: {error}") from None
