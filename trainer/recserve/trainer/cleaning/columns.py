"""Which columns of the interactions hold what."""

from __future__ import annotations

from dataclasses import dataclass

from recserve.trainer.dataset import Frame
from recserve.trainer.errors import SchemaError
from recserve.v1 import schema_pb2


@dataclass(frozen=True)
class Columns:
    """The columns of a dataset; None where there is none."""

    user: str
    item: str
    event_type: str | None
    value: str | None
    time: str | None

    @classmethod
    def of(cls, source: schema_pb2.DatasetSource, frame: Frame) -> Columns:
        """The columns that the schema names, or the canonical ones if they are there.

        Raises:
            SchemaError: If a column that the schema names, or an id column, is missing.
        """
        return cls(
            user=_named(frame, source.user_id_column or "user_id"),
            item=_named(frame, source.item_id_column or "item_id"),
            event_type=_optional(frame, source.event_type_column, "event_type"),
            value=_optional(frame, source.value_column, "value"),
            time=_optional(frame, source.timestamp_column, "timestamp"),
        )


def _named(frame: Frame, column: str) -> str:
    if column not in frame.rows.columns:
        raise SchemaError(
            f"{frame.path} has no column {column!r}; it has {', '.join(frame.rows.columns)}. "
            "Name the column in schema.toml under [source]"
        )
    return column


def _optional(frame: Frame, chosen: str, usual: str) -> str | None:
    if chosen:
        return _named(frame, chosen)
    return usual if usual in frame.rows.columns else None
