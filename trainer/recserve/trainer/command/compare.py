"""`recserve-trainer compare`: the model beside tuned baselines."""

from __future__ import annotations

import re
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
    from recserve.trainer.comparison.protocols import Protocol


@click.command()
@click.argument("path", type=arguments.DATASET)
@click.option(
    "--protocol",
    type=click.Choice(["leave-last-out", "replay", "random"]),
    help="How questions are cut out.  [leave-last-out; random for data without an order]",
)
@click.option("--seeds", default="1-5", show_default=True, help="Such as 1-5 or 1,2,7.")
@click.option(
    "--baselines",
    default="item_knn,ials,ease,blend",
    show_default=True,
    help="Which, with commas between; popularity is always there.",
)
@arguments.schema
@hyper_parameter_options
@click.option("--json", "as_json", is_flag=True, help="Print recserve.v1.Comparison as JSON.")
@told
def compare(
    path: Path,
    protocol: Protocol | None,
    seeds: str,
    baselines: str,
    schema: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Compare the model with tuned baselines on a dataset, over several seeds.

    \b
    leave-last-out  each user's last event is asked for
    replay          all later events (--holdout-share), one by one, with what came
                    before as history; the model stays as it is, new users are in
    random          a random share of the events, each user asked once

    The whole catalogue is ranked, seen items excluded. The two-stage model is trained once for
    each seed and published nowhere. The settings of each baseline are chosen over a grid on the
    same protocol one step earlier, never on the test. Intervals are 95 %, by a bootstrap over
    users; ratios are paired. iALS needs the extra recserve[baselines].
    """
    from google.protobuf import json_format

    from recserve.trainer import comparison, console, progress

    chosen = chosen_hyper_parameters(options)
    if "seed" in chosen:
        raise click.UsageError("--seed: a comparison has --seeds")
    with progress.on_stderr() as bars:
        found = comparison.compare(
            path,
            schema=schema,
            protocol=protocol,
            seeds=_numbers(seeds),
            baselines=_baselines(baselines),
            hyper_parameters=chosen,
            progress=bars,
        )
    console.show_comparison(found)
    if as_json:
        click.echo(json_format.MessageToJson(found, preserving_proto_field_name=True))


def _numbers(text: str) -> list[int]:
    """Seeds from text such as 1-5 or 1,2,7."""
    numbers: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", part)
        if not found:
            raise click.UsageError(f"--seeds: {part!r} is no seed and no range, such as 1-5")
        numbers += range(int(found[1]), int(found[2] or found[1]) + 1)
    if not numbers:
        raise click.UsageError(f"--seeds: {text!r} holds no seed")
    return list(dict.fromkeys(numbers))


def _baselines(text: str) -> list[str]:
    from recserve.trainer.baselines.grids import GRIDS

    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in GRIDS]
    if unknown:
        raise click.UsageError(
            f"--baselines: there is no {unknown[0]!r}; there are {', '.join(GRIDS)}"
        )
    return list(dict.fromkeys(names))
