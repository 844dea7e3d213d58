"""Parquet files."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recserve.server.dataset import text_file
from recserve.server.dataset.text_file import Piece, TextFile


class ParquetFile(TextFile):
    """A Parquet file, of whatever types: every cell is written as text."""

    def _read_columns(self) -> list[str]:
        return [str(name) for name in pq.read_schema(self.path).names]

    def _pieces(self, columns: list[str]) -> Iterator[Piece]:
        start = 0
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(text_file.ROWS_PER_PIECE, columns=columns):
                index = pd.RangeIndex(start, start + batch.num_rows)
                start += batch.num_rows
                texts = {name: _as_text(batch.column(name)) for name in columns}
                done = start / max(file.metadata.num_rows, 1)
                yield Piece(pd.DataFrame(texts, index=index, dtype=str), (), done)


def _as_text(column: Any) -> list[str]:
    if pa.types.is_integer(column.type) or pa.types.is_string(column.type):
        return list(pc.fill_null(pc.cast(column, pa.string()), "").to_pylist())
    return [_cell(value) for value in column.to_pylist()]


def _cell(value: object) -> str:
    if isinstance(value, list):
        return "|".join(_cell(part) for part in value)
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None or value != value else str(value)
