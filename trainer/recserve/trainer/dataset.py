"""Reads the files of a dataset, every cell as text, so that cleaning sees what is there."""

from __future__ import annotations

import csv
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING

from recserve.trainer import csv_file, encoding, list_cell, schema_file
from recserve.trainer.errors import DatasetError
from recserve.v1 import schema_pb2

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".parquet", ".csv", ".tsv", ".csv.gz", ".tsv.gz")
PIECE_ROWS = 100_000
PANDAS_INDEX = "__index_level_"


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
    """A file, or a piece of one, as a table of text."""

    path: Path
    rows: pd.DataFrame
    """Every cell a str; empty where missing; a list as `list_cell` writes it. The index is the
    row's number, from 0."""
    unreadable: list[str] = field(default_factory=list)
    """What was said of each line that could not be read."""


@dataclass(frozen=True)
class Pieces:
    """A file that is read piece by piece, from its beginning each time: it may be large."""

    path: Path

    def __iter__(self) -> Iterator[Frame]:
        return read_pieces(self.path)


@dataclass(frozen=True)
class RawDataset:
    """A dataset as it lies on disk."""

    files: DatasetFiles
    interactions: Pieces
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
    """Reads the items and users of a dataset; its interactions are read when they are wanted.

    Raises:
        DatasetError: If a file is no CSV or Parquet.
    """
    return RawDataset(
        files,
        Pieces(files.interactions),
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
    import pandas as pd

    rows, unreadable, count = [], [], 0
    for piece in read_pieces(path):
        rows.append(piece.rows)
        unreadable += piece.unreadable
        count += len(piece.rows)
        if most_rows is not None and count >= most_rows:
            break
    return Frame(path, pd.concat(rows).head(count if most_rows is None else most_rows), unreadable)


def read_pieces(path: Path) -> Iterator[Frame]:
    """Reads one CSV or Parquet file as text, in pieces; at least one, which may have no rows.

    Raises:
        DatasetError: If it cannot be read, perhaps only on the way.
    """
    if not is_table(path):
        raise DatasetError(f"{path}: the suffix must be one of {', '.join(SUFFIXES)}")
    parquet = path.suffix.lower() == ".parquet"
    try:
        yield from (_parquet_pieces if parquet else _csv_pieces)(path)
    except UnicodeDecodeError:
        raise DatasetError(f"{path}: is not UTF-8: {encoding.advice(path)}") from None
    except (OSError, EOFError, ValueError, csv.Error, zlib.error) as error:
        raise DatasetError(f"{path}: cannot be read ({error})") from error


def _csv_pieces(path: Path) -> Iterator[Frame]:
    for piece in csv_file.pieces(path):
        _check_columns(path, piece.table.column_names)
        rows = piece.table.to_pandas().astype(str)
        yield Frame(path, rows.set_axis(piece.numbers, axis=0), piece.unreadable)


def _parquet_pieces(path: Path) -> Iterator[Frame]:
    import pandas as pd
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        columns = [name for name in file.schema_arrow.names if not name.startswith(PANDAS_INDEX)]
        _check_columns(path, columns)
        first = 0
        for batch in file.iter_batches(PIECE_ROWS, use_threads=False):
            typed = batch.select(columns).to_pandas(
                types_mapper=pd.ArrowDtype, ignore_metadata=True
            )
            typed.index = pd.RangeIndex(first, first + len(typed))
            first += len(typed)
            yield Frame(path, typed.apply(_as_text))
        if not first:  # there is nothing to apply to, and the columns would not become text
            yield Frame(path, pd.DataFrame(columns=columns, dtype=str))


def _check_columns(path: Path, columns: list[str]) -> None:
    if not columns:
        raise DatasetError(f"{path}: has no columns")
    repeated = sorted(name for name, count in Counter(columns).items() if count > 1)
    if repeated:
        raise DatasetError(f"{path}: two columns have the same name, {repeated[0]!r}; rename one")


def _as_text(column: pd.Series) -> pd.Series:
    import pandas as pd
    import pyarrow as pa

    kind = getattr(column.dtype, "pyarrow_dtype", pa.null())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.fillna("").astype(str)
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
