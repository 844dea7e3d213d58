"""Opens a file of a dataset by its suffix."""

from pathlib import Path

from recserve.server.dataset.csv_file import CsvFile
from recserve.server.dataset.layout import SUFFIXES
from recserve.server.dataset.parquet_file import ParquetFile
from recserve.server.dataset.text_file import TextFile
from recserve.server.errors import InvalidDataset


def open_text(path: Path) -> TextFile:
    """Opens a CSV or Parquet file.

    Raises:
        InvalidDataset: It is neither, or cannot be read.
    """
    name = path.name.lower()
    if not name.endswith(SUFFIXES):
        raise InvalidDataset(f"{path}: the suffix must be one of {', '.join(SUFFIXES)}")
    return ParquetFile(path) if name.endswith(".parquet") else CsvFile(path)
