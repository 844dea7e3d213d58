"""The rules for rows of the interactions file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recserve.trainer import list_cell
from recserve.trainer.cleaning.ledger import MOST_EXAMPLES, Ledger
from recserve.trainer.cleaning.times import parse_times
from recserve.trainer.dataset import Frame
from recserve.trainer.errors import SchemaError
from recserve.trainer.event_type_name import index_of
from recserve.v1 import schema_pb2

MOST_ID_BYTES = 256
CLOCK_AHEAD_SECONDS = 86_400.0
TRUTHS = {"true": "1", "yes": "1", "false": "0", "no": "0"}


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


def clean_interactions(
    frame: Frame, schema: schema_pb2.Schema, ledger: Ledger, now: float
) -> pd.DataFrame:
    """Applies every rule.

    Returns:
        The kept rows with the columns `user_id`, `item_id` (str), `type` (index), `value`
        and `time` (float64, NaN where there is none), and the file's own columns under
        ("raw", name).
    """
    columns = Columns.of(schema.source, frame)
    rows = _with_ids(frame.rows, columns, ledger)
    rows = _with_types(rows, columns, schema, ledger)
    rows = _with_values(rows, columns, schema, ledger)
    clock = schema.source.timestamp_kind != schema_pb2.TIMESTAMP_KIND_SEQUENCE
    rows = _with_times(rows, columns, ledger, now if clock else None)
    return _without_duplicates(rows, columns, ledger)


def trim_ids(rows: pd.DataFrame, columns: list[str], ledger: Ledger) -> pd.DataFrame:
    """Trims the id columns and drops rows whose ids are missing, malformed or too long."""
    for column in columns:
        trimmed = rows[column].str.strip()
        changed = (trimmed != rows[column]) & (trimmed != "")
        ledger.repaired("trimmed_id", changed.sum(), examples(rows[changed], columns))
        rows = rows.assign(**{column: trimmed})
    missing = (rows[columns] == "").any(axis=1)
    rows = drop(rows, missing, "missing_id", ledger, columns)
    malformed = pd.concat([rows[column].str.contains("\x00") for column in columns], axis=1)
    rows = drop(rows, malformed.any(axis=1), "malformed_id", ledger, columns)
    for column in columns:
        oversized = rows[column].map(lambda cell: len(cell.encode("utf-8"))) > MOST_ID_BYTES
        rows = drop(rows, oversized, "oversized_id", ledger, columns)
    return rows


def numbers_or_truths(text: pd.Series[str]) -> pd.Series[float]:
    """Cells as numbers: yes and true are 1, no and false are 0; NaN where they are neither."""
    words = text.str.lower()
    return pd.to_numeric(words.map(TRUTHS).fillna(words), errors="coerce").astype(float)


def drop(
    rows: pd.DataFrame, bad: pd.Series[bool], rule: str, ledger: Ledger, shown: list[str]
) -> pd.DataFrame:
    """Drops the rows that a rule finds bad, and notes them."""
    if not bad.any():
        return rows
    ledger.dropped(rule, int(bad.sum()), examples(rows[bad], shown))
    return rows[~bad]


def examples(rows: pd.DataFrame, shown: list[str]) -> list[str]:
    """A few rows as text, each with its id, or its number in the file from 1."""
    head = rows[shown].head(MOST_EXAMPLES)
    return [
        (f"row {name + 1}: " if isinstance(name, int) else f"{name}: ")
        + ", ".join(
            f"{column}={list_cell.shown(str(cell))[:60]!r}"
            for column, cell in zip(shown, cells, strict=True)
        )
        for name, cells in zip(head.index, head.itertuples(index=False), strict=True)
    ]


def _with_ids(rows: pd.DataFrame, columns: Columns, ledger: Ledger) -> pd.DataFrame:
    rows = trim_ids(rows, [columns.user, columns.item], ledger)
    return rows.assign(**{"": rows.index}).rename(columns={"": "_row"})


def _with_types(
    rows: pd.DataFrame, columns: Columns, schema: schema_pb2.Schema, ledger: Ledger
) -> pd.DataFrame:
    if columns.event_type is None or not schema.event_types:
        return rows.assign(_type=0)
    names = {event.name: index for index, event in enumerate(schema.event_types)}
    words = rows[columns.event_type].str.strip()
    types = words.map({word: index_of(word, names) for word in words.unique()})
    rows = rows.assign(_type=types)
    rows = drop(rows, types.isna(), "unknown_event_type", ledger, [columns.event_type])
    return rows.astype({"_type": int})


def _with_values(
    rows: pd.DataFrame, columns: Columns, schema: schema_pb2.Schema, ledger: Ledger
) -> pd.DataFrame:
    if columns.value is None:
        return rows.assign(_value=np.nan)
    text = rows[columns.value].str.strip()
    missing = text.str.lower().isin(("", "nan"))
    values = numbers_or_truths(text.where(~missing, ""))
    rows = rows.assign(_value=values, _missing=missing)
    bad = (values.isna() | values.abs().eq(np.inf)) & ~missing
    rows = drop(rows, bad, "bad_value", ledger, [columns.user, columns.item, columns.value])
    judged = [
        index
        for index, event in enumerate(schema.event_types)
        if event.HasField("positive_at_least")
    ]
    needed = rows["_missing"] & rows["_type"].isin(judged)
    return drop(rows, needed, "missing_value", ledger, [columns.user, columns.item])


def _with_times(
    rows: pd.DataFrame, columns: Columns, ledger: Ledger, now: float | None
) -> pd.DataFrame:
    if columns.time is None:
        return rows.assign(_time=np.nan)
    times = parse_times(rows[columns.time], clock=now is not None)
    rows = rows.assign(_time=times)
    shown = [columns.user, columns.item, columns.time]
    unreadable = rows["_time"].isna() | rows["_time"].abs().eq(np.inf)
    rows = drop(rows, unreadable, "bad_time", ledger, shown)
    impossible = rows["_time"] < 0
    if now is not None:
        impossible |= rows["_time"] > now + CLOCK_AHEAD_SECONDS
    return drop(rows, impossible, "impossible_time", ledger, shown)


def _without_duplicates(rows: pd.DataFrame, columns: Columns, ledger: Ledger) -> pd.DataFrame:
    shown = [columns.user, columns.item]
    if columns.time is None:
        key = [column for column in rows.columns if not column.startswith("_")]
    else:
        key = [*shown, "_type", "_time"]
    return drop(rows, rows.duplicated(key), "duplicate_event", ledger, shown)


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
