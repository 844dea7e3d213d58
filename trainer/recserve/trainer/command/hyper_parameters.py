"""The options that choose hyper-parameters."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

# The options that mirror recserve.v1.HyperParameters: type and help. Ranges and defaults are
# checked where they are defined, with pydantic, which the help must not wait for.
HYPER_PARAMETERS: dict[str, tuple[Any, str]] = {
    "hidden_layers": (str, "Units of the ranker's hidden layers, such as 100,50.  [100,50]"),
    "embedding_width": (int, "Width of item and user vectors, 4 to 1024.  [64]"),
    "history_length": (int, "Past events of a user that the model reads, 1 to 1000.  [500]"),
    "candidate_count": (int, "Items that retrieval hands to ranking, 10 to 10000.  [200]"),
    "learning_rate": (float, "Step size of Adam, above 0, at most 1.  [0.001]"),
    "batch_size": (int, "Examples per step, 1 to 65536.  [256]"),
    "max_epochs": (int, "Most passes over the data, for each stage, 1 to 1000.  [30]"),
    "patience": (int, "Passes without improvement before stopping, 1 to 100.  [3]"),
    "dropout": (float, "Share of units dropped while training, 0 to 0.9.  [0.1]"),
    "l2": (float, "Weight of the L2 penalty, 0 to 1.  [1e-6]"),
    "negatives_per_positive": (int, "Negatives per positive in calibration and measuring.  [8]"),
    "holdout_share": (float, "Share of the latest events held out, to 0.5.  [0.2]"),
    "seed": (int, "Seed of every random choice.  [42]"),
}


def hyper_parameter_options(function: Callable[..., None]) -> Callable[..., None]:
    """Adds an option for each hyper-parameter."""
    for name, (kind, text) in reversed(HYPER_PARAMETERS.items()):
        option = "--" + name.replace("_", "-")
        function = click.option(option, name, type=kind, default=None, help=text)(function)
    return function


def chosen_hyper_parameters(options: dict[str, Any]) -> dict[str, Any]:
    """Takes the hyper-parameters that were given out of the options.

    What is out of range is refused before any data is read.
    """
    from recserve.trainer.hyper_parameters import HyperParameters

    chosen = {name: options.pop(name) for name in HYPER_PARAMETERS}
    chosen = {name: value for name, value in chosen.items() if value is not None}
    if "hidden_layers" in chosen:
        chosen["hidden_layers"] = _units(chosen["hidden_layers"])
    HyperParameters.checked(**chosen)
    return chosen


def as_options(text: str) -> str:
    """Hyper-parameters by the names of their options."""
    names = "|".join(HYPER_PARAMETERS)
    return re.sub(rf"\b({names}) must", lambda m: f"--{m[0].replace('_', '-')}", text)


def _units(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise click.UsageError(
            f"--hidden-layers: {text!r} is no list of whole numbers, such as 100,50"
        ) from None
