"""From a dataset's path to cleaned tables: where every command that reads a dataset begins."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from recserve.trainer import dataset
from recserve.trainer.cleaning.clean import clean
from recserve.trainer.progress import Progress, Silent
from recserve.trainer.tables import Tables
from recserve.v1 import model_pb2, schema_pb2


@dataclass(frozen=True)
class Prepared:
    """A dataset, read and cleaned."""

    files: dataset.DatasetFiles
    tables: Tables
    cleaning: model_pb2.CleaningReport
    now: float
    """The present that cleaning went by, in seconds since 1970."""


def prepare(
    path: str | Path, schema: schema_pb2.Schema, progress: Progress | None = None
) -> Prepared:
    """Reads and cleans a dataset.

    Args:
        path: A folder, or one CSV or Parquet file.
        schema: What its columns mean.
        progress: Hears of the two stages. Default: nobody.

    Raises:
        SchemaError: If the dataset lacks a column that the schema names.
        DatasetError: If a file cannot be read, or nothing can be learned from what is left.
    """
    progress = progress or Silent()
    progress.stage("read", str(path))
    files = dataset.locate(Path(path), schema.source)
    raw = dataset.read(files)
    progress.stage("clean", str(files.interactions))
    now = time.time()
    cleaned = clean(raw, schema, now)
    return Prepared(files, cleaned.tables, cleaned.report, now)
