"""`weights.npz`: trained weights by name, and what each row of a table stands for."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from recserve.trainer.errors import WarmStartError
from recserve.trainer.item_table import packed, unpacked
from recserve.trainer.tables import Floats

Vocabularies = dict[str, list[str]]
"""Names of weights whose rows belong to strings, with those strings."""


@dataclass(frozen=True)
class SavedWeights:
    """The weights of an earlier version."""

    values: dict[str, Floats]
    vocabularies: Vocabularies
    numbers: dict[str, float] = field(default_factory=dict)
    """What learning chose, by name."""


def write(
    path: Path, variables: list[Any], vocabularies: Vocabularies, numbers: Mapping[str, float]
) -> None:
    """Writes weights.

    Args:
        path: The file.
        variables: Keras variables with different paths.
        vocabularies: By the path of the variable.
        numbers: What learning chose, by name.
    """
    arrays = {f"weight/{variable.path}": variable.numpy() for variable in variables}
    arrays |= {f"number/{name}": np.float64(number) for name, number in numbers.items()}
    for name, strings in vocabularies.items():
        parts = packed(np.array(strings, dtype=object))
        arrays[f"bytes/{name}"], arrays[f"offsets/{name}"] = parts
    np.savez(path, **arrays)


def read(path: Path) -> SavedWeights:
    """Reads weights.

    Raises:
        WarmStartError: If the file is not there or is no such file.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, EOFError, ValueError, BadZipFile, zlib.error) as error:
        raise WarmStartError(f"{path}: cannot be read ({error})") from error
    values = _named(arrays, "weight/")
    numbers = {name: float(number) for name, number in _named(arrays, "number/").items()}
    vocabularies = {}
    for name in (name for name in arrays if name.startswith("offsets/")):
        key = name.removeprefix("offsets/")
        vocabularies[key] = unpacked(arrays[f"bytes/{key}"], arrays[name]).tolist()
    return SavedWeights(values, vocabularies, numbers)


def _named(arrays: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def restore(saved: SavedWeights, variables: list[Any], vocabularies: Vocabularies) -> None:
    """Puts saved weights into a new model; rows of tables are matched by their strings.

    Rows that the earlier version did not have keep their fresh values.

    Raises:
        WarmStartError: If a weight is missing or its shape differs; says which and how.
    """
    for variable in variables:
        value = saved.values.get(variable.path)
        if value is None:
            raise WarmStartError(f"the base version has no weight {variable.path!r}")
        if variable.path in vocabularies:
            value = _matched(
                variable.numpy(),
                vocabularies[variable.path],
                value,
                saved.vocabularies[variable.path],
                variable.path,
            )
        elif value.shape != tuple(variable.shape):
            raise WarmStartError(_differs(variable.path, value.shape, tuple(variable.shape)))
        variable.assign(value)


def _matched(
    fresh: Floats, strings: list[str], value: Floats, known: list[str], name: str
) -> Floats:
    if value.shape[1:] != fresh.shape[1:]:
        raise WarmStartError(_differs(name, value.shape[1:], fresh.shape[1:]))
    rows = {string: row for row, string in enumerate(known)}
    found = np.array([rows.get(string, -1) for string in strings], dtype=np.int64)
    result = fresh.copy()
    result[found >= 0] = value[found[found >= 0]]
    return result


def _differs(name: str, base: tuple[int, ...], new: tuple[int, ...]) -> str:
    return (
        f"the weight {name!r} has shape {base} in the base version and {new} now; train with the "
        "base version's schema and hyper-parameters, or in full (mode full)"
    )
