"""Reads the files of a dataset, every cell as text, so that cleaning sees what is there."""

from __future__ import annotations

import csv
import zlib
from collections import Counter
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING

from recserve.trainer import csv_file, list_cell, schema_file
from recserve.trainer.errors import DatasetError
from recserve.v1 import schema_pb2

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".parquet", ".csv", ".tsv", ".csv.gz", ".tsv.gz")


@dataclass(frozen=True)
class DatasetFiles:
    """Where the parts of a dataset lie."""

    interactions: Path
    items: Path | None = None
    users: Path | None = None

    def digest(self) -> str:
        """Hex SHA-256 over the SHA-256 of each file."""
        whole = sha256()
        for path in filter(None, (self.interactions, self.items, self.users)):
            with path.open("rb") as stream:
                whole.update(file_digest(stream, "sha256").digest())
        return whole.hexdigest()


@dataclass(frozen=True)
class Frame:
    """One file as a table of text."""

    path: Path
    rows: pd.DataFrame
    """Every cell a str; empty where missing; a list as `list_cell` writes it. The index is the
    row's number, from 0."""
    unreadable: list[str] = field(default_factory=list)
    """What was said of each line that could not be read."""


@dataclass(frozen=True)
class RawDataset:
    """A dataset as it lies on disk."""

    files: DatasetFiles
    interactions: Frame
    items: Frame | None
    users: Frame | None


def schema_path(dataset: Path) -> Path:
    """Where the schema of a dataset lies: in the folder, or beside the single file."""
    if dataset.is_dir():
        return dataset / schema_file.FILE_NAME
    return dataset.with_suffix("." + schema_file.FILE_NAME)


def locate(dataset: Path, source: schema_pb2.DatasetSource) -> DatasetFiles:
    """Finds the files that the schema's `source` names, or the canonical ones.

    Raises:
        DatasetError: If the dataset or a file that must be there is not.
    """
    if not dataset.exists():
        raise DatasetError(f"there is no dataset at {dataset}")
    folder = dataset if dataset.is_dir() else dataset.parent
    if source.interactions_file:
        interactions = _required(folder / source.interactions_file)
    elif dataset.is_file():
        interactions = dataset
    else:
        found = canonical(folder, "interactions")
        if found is None:
            raise DatasetError(
                f"{dataset} has neither interactions.parquet nor interactions.csv; name the file "
                "in schema.toml under [source], or let `recserve-trainer inspect` propose it"
            )
        interactions = found
    beside = folder if dataset.is_dir() else None
    return DatasetFiles(
        interactions,
        _required(folder / source.items_file)
        if source.items_file
        else beside and canonical(beside, "items"),
        _required(folder / source.users_file)
        if source.users_file
        else beside and canonical(beside, "users"),
    )


def canonical(folder: Path, stem: str) -> Path | None:
    """`stem.parquet`, `stem.csv` or the like in the folder, if there is one."""
    candidates = (folder / (stem + suffix) for suffix in SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)


def is_table(path: Path) -> bool:
    """Whether the suffix of a file is one that can be read, in upper or lower case."""
    return path.name.lower().endswith(SUFFIXES)


def read(files: DatasetFiles) -> RawDataset:
    """Reads every file of a dataset.

    Raises:
        DatasetError: If a file is no CSV or Parquet.
    """
    return RawDataset(
        files,
        read_frame(files.interactions),
        read_frame(files.items) if files.items else None,
        read_frame(files.users) if files.users else None,
    )


def read_frame(path: Path, most_rows: int | None = None) -> Frame:
    """Reads one CSV or Parquet file as text.

    Args:
        path: The file; its suffix says what it is.
        most_rows: Rows to read at most; None for all.

    Raises:
        DatasetError: If it cannot be read.
    """
    if not is_table(path):
        raise DatasetError(f"{path}: the suffix must be one of {', '.join(SUFFIXES)}")
    try:
        parquet = path.suffix.lower() == ".parquet"
        frame = (_read_parquet if parquet else _read_csv)(path, most_rows)
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{path}: is not UTF-8 ({error}); convert it, for example with "
            "`iconv -f latin1 -t utf-8`"
        ) from error
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from error
    if not len(frame.rows.columns):
        raise DatasetError(f"{path}: has no columns")
    return frame


def _read_csv(path: Path, most_rows: int | None) -> Frame:
    import pandas as pd

    content = csv_file.read(path, most_rows)
    columns = content.columns
    repeated = sorted(name for name, count in Counter(columns).items() if count > 1)
    if repeated:
        raise DatasetError(f"{path}: two columns have the same name, {repeated[0]!r}; rename one")
    cells = zip(*content.records, strict=True) if content.records else ([] for _ in columns)
    rows = pd.DataFrame(
        {name: list(column) for name, column in zip(columns, cells, strict=True)},
        index=content.numbers,
        dtype=str,
    )
    return Frame(path, rows, content.unreadable)


def _read_parquet(path: Path, most_rows: int | None) -> Frame:
    import pandas as pd

    rows = pd.read_parquet(path, dtype_backend="pyarrow")
    rows = rows if most_rows is None else rows.head(most_rows)
    if rows.empty:  # there is nothing to apply to, and the columns would not become text
        return Frame(path, pd.DataFrame(columns=rows.columns, dtype=str))
    return Frame(path, rows.reset_index(drop=True).apply(_as_text))


def _as_text(column: pd.Series) -> pd.Series:
    import pandas as pd

    # As Python's own values: NumPy would make numbers beside a null in a list into floats.
    return pd.Series(map(_cell, column.tolist()), column.index, dtype=str)


def _cell(value: object) -> str:
    import numpy as np

    if isinstance(value, (list, tuple, np.ndarray)):
        return list_cell.write(value)
    # pandas' NA first: it is neither equal to itself nor unequal.
    if value is None or type(value).__name__ in ("NAType", "NaTType") or value != value:
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _required(path: Path) -> Path:
    if not path.is_file():
        raise DatasetError(f"the schema names {path}, which is not there")
    return path
