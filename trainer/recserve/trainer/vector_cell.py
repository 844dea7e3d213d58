"""A cell that is a vector, in the forms in which files have it."""

from __future__ import annotations

import re

import numpy as np

from recserve.trainer import list_cell
from recserve.trainer.tables import Floats

_BETWEEN = re.compile(r"[\s,;|]+")
_NOTHING: Floats = np.empty(0, np.float32)


def read(cell: str, separator: str = "") -> Floats:
    """The numbers of a cell, float32 `[numbers]`; none if one of them cannot be read.

    Args:
        cell: A list, as Parquet has it, or a text such as `0.1|0.2`, `0.1 0.2` or `[0.1, 0.2]`.
        separator: What stands between the numbers; empty for any of `|`, `,`, `;` and spaces.
    """
    parts = list_cell.read(cell)
    if parts is None:
        text = cell.strip().strip("[]()").strip()
        parts = text.split(separator) if separator else _BETWEEN.split(text)
    try:
        with np.errstate(over="ignore"):
            return np.array(parts, dtype=np.float64).astype(np.float32)
    except ValueError:
        return _NOTHING
