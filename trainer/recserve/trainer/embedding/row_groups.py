"""A Parquet file that is written in pieces."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recserve.trainer.tables import Bools, Floats

ROWS = 20_000
VECTORS = pa.list_(pa.float32())


class RowGroups:
    """Collects rows, and writes a row group whenever there are enough.

    Args:
        path: The file.
        schema: Names and types of its columns.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self.rows = path, 0
        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema)
        self._waiting: list[pa.Table] = []

    def add(self, columns: Mapping[str, Any]) -> None:
        """Adds rows, given by column."""
        arrays = [_array(columns[field.name], field.type) for field in self._schema]
        table = pa.Table.from_arrays(arrays, schema=self._schema)
        self.rows += len(table)
        self._waiting.append(table)
        if sum(map(len, self._waiting)) >= ROWS:
            self._flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting), row_group_size=ROWS)
        self._waiting = []


def vectors(values: Floats | None, count: int, there: Bools | None = None) -> Any:
    """A matrix `[n, width]` as a column of lists, null where it is not there."""
    if values is None:
        return pa.nulls(count, VECTORS)
    offsets = np.arange(count + 1, dtype=np.int32) * values.shape[1]
    flat = pa.array(np.ascontiguousarray(values, np.float32).ravel())
    mask = None if there is None else pa.array(~there)
    return pa.ListArray.from_arrays(pa.array(offsets), flat, mask=mask)


def _array(values: Any, kind: Any) -> Any:
    return values if isinstance(values, pa.Array) else pa.array(values, kind)
