"""A cell that is a list, as text: Parquet has such cells, and every cell is read as text."""

from __future__ import annotations

import json
from collections.abc import Iterable

# Begins the text of a list, and no text that people write. Not white space: cells are trimmed.
MARK = "\x02"


def write(values: Iterable[object]) -> str:
    """A list as the text of a cell; empty where it has no values. Null and NaN are none."""
    parts = [_text(value) for value in values if value is not None and value == value]
    return MARK + json.dumps(parts, ensure_ascii=False) if parts else ""


def read(cell: str) -> list[str] | None:
    """The values of a cell, exactly as they were; None for a cell that is no list."""
    if not cell.startswith(MARK):
        return None
    try:
        values = json.loads(cell[len(MARK) :])
    except ValueError:
        return None
    return values if isinstance(values, list) and all(isinstance(v, str) for v in values) else None


def shown(cell: str) -> str:
    """A cell for people, and for those who take it for one string: values divided by "|"."""
    values = read(cell)
    return cell if values is None else "|".join(values)


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
