"""The whole of cleaning: a raw dataset to tables and a report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recserve.trainer.cleaning.columns import Columns
from recserve.trainer.cleaning.entities import Entities
from recserve.trainer.cleaning.features import column_of, feature_table, multi_valued_length
from recserve.trainer.cleaning.interactions import clean_piece
from recserve.trainer.cleaning.ledger import MOST_EXAMPLES, Ledger
from recserve.trainer.cleaning.noise import denoise
from recserve.trainer.cleaning.polarity import on_the_users_scale, positive_events
from recserve.trainer.cleaning.rows import Gathered, Gathering, Rows
from recserve.trainer.dataset import RawDataset
from recserve.trainer.errors import DatasetError, SchemaError
from recserve.trainer.switches import Switches
from recserve.trainer.tables import Bools, Events, Floats, Ints, Tables
from recserve.v1 import model_pb2, schema_pb2


@dataclass(frozen=True)
class Cleaned:
    """A cleaned dataset and what cleaning did."""

    tables: Tables
    report: model_pb2.CleaningReport


def clean(
    raw: RawDataset,
    schema: schema_pb2.Schema,
    now: float,
) -> Cleaned:
    """Cleans a dataset, reading its interactions piece by piece.

    Args:
        raw: The dataset.
        schema: What its columns mean.
        now: The present, in seconds since 1970; later events are impossible.

    Raises:
        SchemaError: If the dataset lacks a column that the schema names.
        DatasetError: If a file cannot be read, or nothing can be learned from what is left.
    """
    switches = Switches.of(schema.cleaning)
    ledger = Ledger(switches)
    read = _Read(raw, schema, ledger, now)
    read.all_pieces()
    gathered = read.gathering.finish()
    rows = denoise(gathered, schema, switches, ledger)
    if not len(rows):
        raise DatasetError(_nothing_left(ledger, read.rows_read, raw.files.interactions.name))
    tables = _tables(read, gathered, rows, schema, ledger)
    _check_learnable(tables, schema)
    return Cleaned(tables, ledger.report(read.rows_read, len(rows)))


class _Read:
    """The interactions, read and cleaned piece by piece."""

    gathering: Gathering
    items: Entities
    users: Entities

    def __init__(
        self, raw: RawDataset, schema: schema_pb2.Schema, ledger: Ledger, now: float
    ) -> None:
        self._raw = raw
        self._schema = schema
        self._ledger = ledger
        self._now = now
        self.rows_read = 0

    def all_pieces(self) -> None:
        """Reads and cleans to the end."""
        columns: Columns | None = None
        for frame in self._raw.interactions:
            if columns is None:
                columns = Columns.of(self._schema.source, frame)
                self._begin(columns, list(frame.rows.columns))
            self._ledger.dropped("unreadable_row", len(frame.unreadable), frame.unreadable)
            self.rows_read += len(frame.rows) + len(frame.unreadable)
            kept = clean_piece(frame.rows, columns, self._schema, self._ledger, self._now)
            part = self.gathering.add(kept, self._ledger)
            self.items.learn(part.item, kept)
            self.users.learn(part.user, kept)

    def _begin(self, columns: Columns, names: list[str]) -> None:
        raw, schema, ledger = self._raw, self._schema, self._ledger
        for feature in (*schema.context_features, *schema.candidate_features):
            if column_of(feature) not in names:
                raise SchemaError(
                    f"{raw.files.interactions} has no column {column_of(feature)!r}, which the "
                    f"schema names for the feature {feature.name!r}"
                )
        self.gathering = Gathering(
            columns,
            [column_of(feature) for feature in schema.candidate_features],
            list(dict.fromkeys(column_of(feature) for feature in schema.context_features)),
        )
        self.items = Entities(
            raw.items, columns.item, schema.item_features, names, ledger, quoted=True
        )
        self.users = Entities(
            raw.users, columns.user, schema.user_features, names, ledger, quoted=False
        )


def _tables(
    read: _Read, gathered: Gathered, rows: Rows, schema: schema_pb2.Schema, ledger: Ledger
) -> Tables:
    items = read.items.rows(gathered.item_ids, pd.unique(rows.item))
    users = read.users.rows(gathered.user_ids, pd.unique(rows.user))
    users = users[users.index.isin(gathered.user_ids[pd.unique(rows.user)])]
    context = gathered.context(rows)
    length = multi_valued_length(
        [
            (items, schema.item_features),
            (users, schema.user_features),
            (context, schema.context_features),
        ]
    )
    user = users.index.get_indexer(pd.Index(gathered.user_ids)).astype(np.int32)[rows.user]
    item = items.index.get_indexer(pd.Index(gathered.item_ids)).astype(np.int32)[rows.item]
    order = np.lexsort((rows.time, user))
    types, values = rows.type[order].astype(np.int32), rows.value[order]
    weights = [event.weight if event.HasField("weight") else 1.0 for event in schema.event_types]
    columns = gathered.columns
    return Tables(
        events=Events(
            user=user[order],
            item=item[order],
            type=types,
            value=values,
            time=rows.time[order],
            positive=_positive(user[order], rows.number[order], types, values, schema, ledger),
            weight=np.array(weights or [1.0], np.float32)[types],
            candidate=rows.candidate[order],
            context=feature_table(context, schema.context_features, length, ledger).take(order),
            row=rows.number[order],
        ),
        item_ids=items.index.to_numpy(dtype=object),
        item_features=feature_table(items, schema.item_features, length, ledger),
        user_ids=users.index.to_numpy(dtype=object),
        user_features=feature_table(
            users.set_axis(["a user"] * len(users)), schema.user_features, length, ledger
        ),
        clock=columns.time is not None
        and schema.source.timestamp_kind != schema_pb2.TIMESTAMP_KIND_SEQUENCE,
        ordered=columns.time is not None,
    )


def _positive(
    user: Ints, number: Ints, types: Ints, values: Floats, schema: schema_pb2.Schema, ledger: Ledger
) -> Bools:
    positive = positive_events(types, values, schema)
    if not ledger.applies("user_scale"):
        return positive
    adjusted = on_the_users_scale(user, types, values, schema)
    judged = positive_events(types, adjusted, schema)
    changed = np.flatnonzero(judged != positive)
    ledger.repaired(
        "user_scale",
        len(changed),
        [
            f"row {number[at] + 1}: {values[at]:g} counts as {adjusted[at]:.2f}"
            for at in changed[:MOST_EXAMPLES]
        ],
    )
    return judged


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
