"""Hyper-parameters from a TOML or JSON file, such as `recserve-trainer tune` writes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from recserve.trainer.errors import HyperParameterError
from recserve.trainer.hyper_parameters import HyperParameters


def read(path: Path) -> dict[str, Any]:
    """The values that a file gives, by name.

    Args:
        path: A flat table; JSON if its name ends so, else TOML.

    Raises:
        HyperParameterError: If it cannot be read, or a value is out of its range.
    """
    try:
        text = path.read_text("utf-8")
        values = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise HyperParameterError(f"{path}: cannot be read ({error})") from error
    if not isinstance(values, dict):
        raise HyperParameterError(f"{path}: is no table of names and values")
    try:
        HyperParameters.checked(**values)
    except HyperParameterError as error:
        raise HyperParameterError(f"{path}: {error}") from None
    return values
