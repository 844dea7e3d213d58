"""The files of an export: Parquet, or CSV."""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from recserve.v1 import schema_pb2

SEPARATOR = "|"
"""Between the values of a cell of CSV."""


class ExportFile(AbstractContextManager["ExportFile"]):
    """A file that is open for rows.

    Args:
        writer: Of pyarrow.
        schema: The columns.
        flat: Whether lists become texts.
    """

    def __init__(self, writer: Any, schema: pa.Schema, *, flat: bool) -> None:
        self._writer = writer
        self._schema = schema
        self._flat = flat

    def write(self, arrays: list[pa.Array]) -> None:
        """Write rows, a column each."""
        columns = [_flattened(each) for each in arrays] if self._flat else arrays
        names = self._schema.names
        schema = pa.schema([(name, c.type) for name, c in zip(names, columns, strict=True)])
        self._writer.write_batch(pa.record_batch(columns, schema=schema))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._writer.close()


class Form(ABC):
    """How the files of an export are written."""

    @abstractmethod
    def open(self, folder: Path, stem: str, schema: pa.Schema) -> ExportFile:
        """Begin a file."""

    @abstractmethod
    def explained(self, schema: schema_pb2.Schema) -> schema_pb2.Schema:
        """The dataset's schema, with what has to be said of the files."""


class _Parquet(Form):
    def open(self, folder: Path, stem: str, schema: pa.Schema) -> ExportFile:
        writer = pq.ParquetWriter(folder / f"{stem}.parquet", schema)
        return ExportFile(writer, schema, flat=False)

    def explained(self, schema: schema_pb2.Schema) -> schema_pb2.Schema:
        return schema


class _Csv(Form):
    def open(self, folder: Path, stem: str, schema: pa.Schema) -> ExportFile:
        flat = pa.schema([(f.name, _flat_type(f.type)) for f in schema])
        options = pc_csv.WriteOptions(quoting_style="needed")
        writer = pc_csv.CSVWriter(folder / f"{stem}.csv", flat, write_options=options)
        return ExportFile(writer, flat, flat=True)

    def explained(self, schema: schema_pb2.Schema) -> schema_pb2.Schema:
        for features in (schema.user_features, schema.item_features, schema.context_features):
            for feature in features:
                if feature.type == schema_pb2.FEATURE_TYPE_MULTI_VALUED:
                    feature.separator = SEPARATOR
        return schema


PARQUET: Form = _Parquet()
CSV: Form = _Csv()
FORMS = {"parquet": PARQUET, "csv": CSV}


def _flat_type(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_list(kind) else kind


def _flattened(column: pa.Array) -> pa.Array:
    if not pa.types.is_list(column.type):
        return column
    return pc.binary_join(column.cast(pa.list_(pa.string())), SEPARATOR)
