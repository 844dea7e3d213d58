"""The whole of cleaning: a raw dataset to tables and a report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recserve.trainer.cleaning.entities import entity_rows
from recserve.trainer.cleaning.features import (
    column_of,
    feature_table,
    multi_valued_length,
    numeric_block,
)
from recserve.trainer.cleaning.interactions import Columns, clean_interactions
from recserve.trainer.cleaning.ledger import Ledger
from recserve.trainer.dataset import RawDataset
from recserve.trainer.errors import DatasetError, SchemaError
from recserve.trainer.tables import Bools, Events, Floats, Tables
from recserve.v1 import model_pb2, schema_pb2


@dataclass(frozen=True)
class Cleaned:
    """A cleaned dataset and what cleaning did."""

    tables: Tables
    report: model_pb2.CleaningReport


def clean(raw: RawDataset, schema: schema_pb2.Schema, now: float) -> Cleaned:
    """Cleans a dataset.

    Args:
        raw: The dataset as read.
        schema: What its columns mean.
        now: The present, in seconds since 1970; later events are impossible.

    Raises:
        SchemaError: If the dataset lacks a column that the schema names.
        DatasetError: If nothing can be learned from what is left.
    """
    ledger = Ledger()
    frame = raw.interactions
    ledger.dropped("unreadable_row", len(frame.unreadable), frame.unreadable)
    _check_columns(raw, schema)
    kept = clean_interactions(frame, schema, ledger, now)
    rows_read = len(frame.rows) + len(frame.unreadable)
    if kept.empty:
        raise DatasetError(_nothing_left(ledger, rows_read, frame.path.name))
    tables = _tables(raw, kept, schema, ledger)
    _check_learnable(tables, schema)
    return Cleaned(tables, ledger.report(rows_read, len(kept)))


def _tables(
    raw: RawDataset, kept: pd.DataFrame, schema: schema_pb2.Schema, ledger: Ledger
) -> Tables:
    columns = Columns.of(schema.source, raw.interactions)
    items = entity_rows(raw.items, kept, columns.item, schema.item_features, ledger)
    users = entity_rows(raw.users, kept, columns.user, schema.user_features, ledger)
    users = users[users.index.isin(kept[columns.user])]
    length = multi_valued_length(
        [
            (items, schema.item_features),
            (users, schema.user_features),
            (kept, schema.context_features),
        ]
    )
    kept = kept.assign(
        _user=users.index.get_indexer(pd.Index(kept[columns.user])),
        _item=items.index.get_indexer(pd.Index(kept[columns.item])),
    )
    kept = kept.sort_values(["_user", "_time"], kind="stable")
    kind = schema.source.timestamp_kind
    return Tables(
        events=_events(kept, schema, length, ledger),
        item_ids=items.index.to_numpy(dtype=object),
        item_features=feature_table(items, schema.item_features, length, ledger),
        user_count=len(users),
        user_features=feature_table(users, schema.user_features, length, ledger),
        clock=columns.time is not None and kind != schema_pb2.TIMESTAMP_KIND_SEQUENCE,
        ordered=columns.time is not None,
    )


def _events(kept: pd.DataFrame, schema: schema_pb2.Schema, length: int, ledger: Ledger) -> Events:
    types = kept["_type"].to_numpy(np.int32)
    values = kept["_value"].to_numpy(np.float32)
    weights = [event.weight if event.HasField("weight") else 1.0 for event in schema.event_types]
    return Events(
        user=kept["_user"].to_numpy(np.int32),
        item=kept["_item"].to_numpy(np.int32),
        type=types,
        value=values,
        time=kept["_time"].to_numpy(np.float64),
        positive=positive_events(types, values, schema),
        weight=np.array(weights or [1.0], np.float32)[types],
        candidate=numeric_block(kept, [column_of(f) for f in schema.candidate_features], ledger),
        context=feature_table(kept, schema.context_features, length, ledger),
    )


def positive_events(
    types: np.typing.NDArray[np.int32], values: Floats, schema: schema_pb2.Schema
) -> Bools:
    """Which events say that the user wanted the item, as the schema declares it."""
    if not schema.event_types:
        return np.ones(len(types), dtype=bool)
    positive = (schema_pb2.POLARITY_UNSPECIFIED, schema_pb2.POLARITY_POSITIVE)
    wanted = np.array([event.polarity in positive for event in schema.event_types])
    least = np.array(
        [
            event.positive_at_least if event.HasField("positive_at_least") else -np.inf
            for event in schema.event_types
        ]
    )
    judged = np.isfinite(least)[types]
    positives: Bools = wanted[types] & (
        ~judged | (np.nan_to_num(values, nan=-np.inf) >= least[types])
    )
    return positives


def _check_columns(raw: RawDataset, schema: schema_pb2.Schema) -> None:
    for feature in (*schema.context_features, *schema.candidate_features):
        if column_of(feature) not in raw.interactions.rows.columns:
            raise SchemaError(
                f"{raw.files.interactions} has no column {column_of(feature)!r}, which the schema "
                f"names for the feature {feature.name!r}"
            )


def _check_learnable(tables: Tables, schema: schema_pb2.Schema) -> None:
    events = tables.events
    if tables.user_count < 2:
        raise DatasetError("the data has a single user; a model needs the events of several")
    if len(np.unique(events.item)) < 2:
        raise DatasetError("the data has events on a single item; a model needs several")
    if not events.positive.any():
        raise DatasetError(
            "no event is positive; see polarity and positive_at_least of the event types in the "
            "schema"
        )
    judged = [event for event in schema.event_types if event.HasField("positive_at_least")]
    if judged and len(judged) == len(schema.event_types) and events.positive.all():
        raise DatasetError(
            "all labels are the same: every event is positive; there is nothing to tell apart. "
            "Raise positive_at_least in the schema, or remove it to learn from what was chosen"
        )


def _nothing_left(ledger: Ledger, rows_read: int, name: str) -> str:
    rules = [rule for rule in ledger.report(0, 0).rules if rule.dropped]
    if not rules:
        return f"{name} has no rows"
    told = "; ".join(
        f"{rule.name} dropped {rule.dropped} ({', '.join(rule.examples)})" for rule in rules
    )
    return f"nothing is left of the {rows_read} rows of {name}: {told}"
