"""The rules for single rows of the interactions file."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from recserve.trainer import list_cell
from recserve.trainer.cleaning.columns import Columns
from recserve.trainer.cleaning.ledger import MOST_EXAMPLES, Ledger
from recserve.trainer.cleaning.times import parse_times
from recserve.trainer.event_type_name import index_of
from recserve.v1 import schema_pb2

MOST_ID_BYTES = 256
MOST_BYTES_PER_CHARACTER = 4
MOST_VALUE = float(np.finfo(np.float32).max)
CLOCK_AHEAD_SECONDS = 86_400.0
TRUTHS = {"true": "1", "yes": "1", "false": "0", "no": "0"}


def clean_piece(
    rows: pd.DataFrame, columns: Columns, schema: schema_pb2.Schema, ledger: Ledger, now: float
) -> pd.DataFrame:
    """Applies the rules that look at one row alone.

    Returns:
        The kept rows, with `_type` (index), `_value` and `_time` (float64, NaN where there is
        none) beside the file's own columns.
    """
    rows = trim_ids(rows, [columns.user, columns.item], [columns.item], ledger)
    rows = _with_types(rows, columns, schema, ledger)
    rows = _with_values(rows, columns, schema, ledger)
    clock = schema.source.timestamp_kind != schema_pb2.TIMESTAMP_KIND_SEQUENCE
    return _with_times(rows, columns, ledger, now if clock else None)


def trim_ids(
    rows: pd.DataFrame, columns: list[str], shown: list[str], ledger: Ledger
) -> pd.DataFrame:
    """Trims the id columns and drops rows whose ids are missing, malformed or too long.

    Args:
        rows: The rows.
        columns: The columns of ids.
        shown: The columns that examples quote; not that of user ids.
        ledger: Hears what was changed.
    """
    for column in columns:
        trimmed = rows[column].str.strip()
        rows = drop(rows, trimmed == "", "missing_id", ledger, shown)
        trimmed = trimmed[rows.index]
        changed = trimmed != rows[column]
        if ledger.applies("trimmed_id") and changed.any():
            ledger.repaired("trimmed_id", changed.sum(), examples(rows[changed], shown))
            rows = rows.assign(**{column: trimmed})
    for column in columns:
        malformed = rows[column].str.contains("\x00", regex=False)
        rows = drop(rows, malformed, "malformed_id", ledger, shown)
        rows = drop(rows, _is_oversized(rows[column]), "oversized_id", ledger, shown)
    return rows


def _is_oversized(ids: pd.Series[str]) -> pd.Series[bool]:
    long = ids.str.len() > MOST_ID_BYTES // MOST_BYTES_PER_CHARACTER
    long[long] = ids[long].map(lambda each: len(each.encode("utf-8"))) > MOST_ID_BYTES
    return long


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
    """A few rows as text: the number in the file from 1, or the index, and the shown cells.

    They are kept in the manifest, so neither the index nor the shown cells may be user ids.
    """
    head = rows[shown].head(MOST_EXAMPLES)
    return [
        ": ".join(filter(None, (_row(name), _cells(shown, cells))))
        for name, cells in zip(head.index, head.to_numpy(), strict=True)
    ]


def _row(name: int | str) -> str:
    return f"row {name + 1}" if isinstance(name, int) else name


def _cells(columns: list[str], cells: Iterable[object]) -> str:
    return ", ".join(
        f"{column}={list_cell.shown(str(cell))[:60]!r}"
        for column, cell in zip(columns, cells, strict=True)
    )


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
    bad = (values.isna() | (values.abs() > MOST_VALUE)) & ~missing
    rows = drop(rows, bad, "bad_value", ledger, [columns.item, columns.value])
    judged = [
        index
        for index, event in enumerate(schema.event_types)
        if event.HasField("positive_at_least")
    ]
    needed = rows["_missing"] & rows["_type"].isin(judged)
    return drop(rows, needed, "missing_value", ledger, [columns.item])


def _with_times(
    rows: pd.DataFrame, columns: Columns, ledger: Ledger, now: float | None
) -> pd.DataFrame:
    if columns.time is None:
        return rows.assign(_time=np.nan)
    times = parse_times(rows[columns.time], clock=now is not None)
    rows = rows.assign(_time=times)
    shown = [columns.item, columns.time]
    unreadable = rows["_time"].isna() | rows["_time"].abs().eq(np.inf)
    rows = drop(rows, unreadable, "bad_time", ledger, shown)
    impossible = rows["_time"] < 0
    if now is not None:
        impossible |= rows["_time"] > now + CLOCK_AHEAD_SECONDS
    if not ledger.applies("impossible_time"):
        return rows
    return drop(rows, impossible, "impossible_time", ledger, shown)
