"""Which files of a dataset hold the interactions, the items and the users."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recserve.trainer import dataset
from recserve.trainer.errors import DatasetError
from recserve.trainer.inspection import names

NUMBERS_OF_A_RATING = ("rating", "value", "label", "score")


@dataclass(frozen=True)
class FoundFiles:
    """The files; None where there is none."""

    interactions: Path
    items: Path | None
    users: Path | None


def find(path: Path) -> FoundFiles:
    """Finds the files by the canonical names, else by their columns.

    Interactions are what has a user's and an item's id; of several such files the one with
    a value column, then the largest. Items and users have one of the two ids.

    Raises:
        DatasetError: If there is no file of interactions.
    """
    if not path.exists():
        raise DatasetError(f"there is no dataset at {path}")
    if path.is_file():
        return FoundFiles(path, None, None)
    canonical = dataset.canonical(path, "interactions")
    if canonical is not None:
        return FoundFiles(
            canonical, dataset.canonical(path, "items"), dataset.canonical(path, "users")
        )
    return _by_columns(path)


def _by_columns(folder: Path) -> FoundFiles:
    headers = {
        path: list(dataset.read_frame(path, most_rows=1).rows.columns)
        for path in sorted(folder.iterdir())
        if path.is_file() and dataset.is_table(path)
    }
    users = {path for path, columns in headers.items() if _has(columns, names.USERS)}
    items = {path for path, columns in headers.items() if _has(columns, names.ITEMS)}
    events = users & items
    if not events:
        raise DatasetError(
            f"{folder}: no CSV or Parquet file has both a user's and an item's id; the files are "
            f"{', '.join(path.name for path in headers) or 'none'}"
        )
    interactions = max(events, key=lambda path: (_rated(headers[path]), path.stat().st_size))
    return FoundFiles(
        interactions, _richest(items - events, headers), _richest(users - events, headers)
    )


def _has(columns: list[str], words: tuple[str, ...]) -> bool:
    return any(names.id_rank(column, words) < names.NOT_AT_ALL for column in columns)


def _rated(columns: list[str]) -> bool:
    return any(names.snake(column) in NUMBERS_OF_A_RATING for column in columns)


def _richest(paths: set[Path], headers: dict[Path, list[str]]) -> Path | None:
    """The file with the most columns that are no ids."""

    def features(path: Path) -> tuple[int, str]:
        columns = headers[path]
        return sum(
            names.snake(c).split("_")[-1] not in names.IDS and not _glued_id(c) for c in columns
        ), path.name

    return max(paths, key=features, default=None)


def _glued_id(column: str) -> bool:
    return column.lower().endswith("id")
