"""Writes the event log and the catalogue as a dataset, as they are at one moment."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import tomli_w
from google.protobuf import json_format
from sqlalchemy import ColumnElement, Connection, Select, func, not_, select

from recserve.server.database import Database
from recserve.server.database.tables import (
    COMPACTED_EVENTS,
    COUNTERS,
    EVENTS,
    ITEMS,
    LAST_POSITION,
    USERS,
)
from recserve.server.errors import InvalidDataset
from recserve.server.pseudonyms import Pseudonyms
from recserve.server.schema import DeclaredSchema, FeatureList
from recserve.server.training.export_files import PARQUET, Form
from recserve.server.training.exported_schema import exported_schema
from recserve.server.training.feature_columns import FeatureColumns
from recserve.v1 import schema_pb2

ROWS_PER_WRITE = 50_000
OnProgress = Callable[[int, int], None]
"""Is told the rows written and the rows there are in all."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds."""

    log_position: int
    """The log reaches up to here in it."""
    event_count: int
    compacted_event_count: int
    """Older events of the log that were compacted, and are not in it."""


def export_dataset(
    database: Database,
    folder: Path,
    *,
    schema: DeclaredSchema,
    since: float | None = None,
    until: float | None = None,
    keep_event_types: bool = False,
    on_progress: OnProgress = lambda _done, _all: None,
    form: Form = PARQUET,
    pseudonyms: Pseudonyms | None = None,
) -> Exported:
    """Write a dataset folder: interactions, items, users and schema.

    All of it is read in one transaction, which holds up no writer.

    Args:
        database: The database of the log and the catalogue.
        folder: The dataset; made if it is not there.
        schema: Of the log.
        since: Event time to begin with, in seconds since the Unix epoch. None: the first.
        until: Event time to end before. None: after the last.
        keep_event_types: Whether an open schema keeps the types that it declares, and no others
            are learned from.
        on_progress: Is told how far it is.
        form: How the files are written.
        pseudonyms: Names for the users; None: their own ids.

    Raises:
        InvalidDataset: there is nothing to learn from in the log.
        Unavailable: the database cannot be read.
        OSError: the folder cannot be written.
    """
    if schema.candidate.features:
        raise InvalidDataset(
            "the model reads features of the pair (candidate_features), which the event log does"
            " not keep; train from a dataset that has them: give dataset_path"
        )
    folder.mkdir(parents=True, exist_ok=True)
    with database.reading() as connection:
        chosen = _times(since, until)
        export = _Export(connection, folder, schema, chosen, on_progress, form, pseudonyms)
        return export.run(keep_event_types=keep_event_types)


class _Export:
    def __init__(
        self,
        connection: Connection,
        folder: Path,
        schema: DeclaredSchema,
        chosen: list[ColumnElement[bool]],
        on_progress: OnProgress,
        form: Form,
        pseudonyms: Pseudonyms | None,
    ) -> None:
        # Rows come as they are asked for: a log need not fit into memory.
        self._connection = connection.execution_options(yield_per=ROWS_PER_WRITE)
        self._folder = folder
        self._schema = schema
        self._chosen = chosen
        self._on_progress = on_progress
        self._form = form
        self._pseudonyms = pseudonyms
        self._done = 0

    def run(self, *, keep_event_types: bool) -> Exported:
        position = select(COUNTERS.c.value).where(COUNTERS.c.name == LAST_POSITION)
        log_position = int(self._connection.execute(position).scalar_one())
        counts = self._event_types()
        event_count = sum(counts.values())
        compacted = select(func.coalesce(func.sum(COMPACTED_EVENTS.c.event_count), 0))
        compacted_count = int(self._connection.execute(compacted).scalar_one())
        if not event_count:
            raise InvalidDataset(
                "the event log has no events"
                + (" in this range of times" if self._chosen and log_position else "")
                + (f" (it has compacted {compacted_count:,})" if compacted_count else "")
                + "; send feedback, or import a dataset with `recserve-server import`"
            )
        items = select(ITEMS).where(not_(ITEMS.c.deleted)).order_by(ITEMS.c.item_id)
        users = select(USERS).order_by(USERS.c.user_id)
        self._all = event_count + self._count(items) + self._count(users)
        schema = exported_schema(self._schema, [] if keep_event_types else counts)
        _write_schema(self._folder / "schema.toml", self._form.explained(schema))
        self._write_events()
        self._write_entities("items", items, "item_id", self._schema.item)
        self._write_entities("users", users, "user_id", self._schema.user)
        return Exported(log_position, event_count, compacted_count)

    def _event_types(self) -> dict[str, int]:
        """How many events of each type there are, the most frequent type first."""
        query = select(EVENTS.c.event_type, func.count()).where(*self._chosen)
        rows = self._connection.execute(query.group_by(EVENTS.c.event_type)).all()
        return {row[0]: row[1] for row in sorted(rows, key=lambda row: (-row[1], row[0]))}

    def _count(self, rows: Select[Any]) -> int:
        counted = select(func.count()).select_from(rows.order_by(None).subquery())
        return int(self._connection.execute(counted).scalar_one())

    def _write_events(self) -> None:
        features = FeatureColumns(self._schema.context)
        columns = ("user_id", "item_id", "event_type", "value", "event_time", "context")
        query = select(*(EVENTS.c[name] for name in columns)).where(*self._chosen)
        types = [pa.string(), pa.string(), pa.string(), pa.float64(), pa.float64()]
        names = ("user_id", "item_id", "event_type", "value", "timestamp")
        fields = [pa.field(name, kind) for name, kind in zip(names, types, strict=True)]
        with self._writer("interactions", fields + features.fields) as write:
            for users, *others, contexts in self._pieces(query.order_by(EVENTS.c.position)):
                values = (self._named(users), *others)
                arrays = [pa.array(v, type=t) for v, t in zip(values, types, strict=True)]
                write(arrays + features.arrays(contexts))

    def _write_entities(
        self, stem: str, rows: Select[Any], key: str, declared: FeatureList
    ) -> None:
        features = FeatureColumns(declared)
        columns = rows.selected_columns
        query = rows.with_only_columns(columns[key], columns.features)
        with self._writer(stem, [pa.field(key, pa.string()), *features.fields]) as write:
            for plain, texts in self._pieces(query):
                ids = self._named(plain) if key == "user_id" else plain
                write([pa.array(ids, type=pa.string()), *features.arrays(texts)])

    @contextmanager
    def _writer(
        self, stem: str, fields: list[pa.Field]
    ) -> Iterator[Callable[[list[pa.Array]], None]]:
        """A file of the dataset, open for rows."""
        with self._form.open(self._folder, stem, pa.schema(fields)) as file:

            def write(arrays: list[pa.Array]) -> None:
                file.write(arrays)
                self._done += len(arrays[0])
                self._on_progress(self._done, self._all)

            yield write

    def _named(self, user_ids: Sequence[str]) -> Sequence[str]:
        if self._pseudonyms is None:
            return user_ids
        return [self._pseudonyms.of(user_id) for user_id in user_ids]

    def _pieces(self, query: Select[Any]) -> Iterator[tuple[Any, ...]]:
        """The columns of the rows that a query gives, some rows at a time."""
        streamed = query.execution_options(yield_per=ROWS_PER_WRITE)
        for rows in self._connection.execute(streamed).partitions():
            yield tuple(zip(*rows, strict=True))


def _times(since: float | None, until: float | None) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if since is not None:
        chosen.append(EVENTS.c.event_time >= since)
    if until is not None:
        chosen.append(EVENTS.c.event_time < until)
    return chosen


def _write_schema(path: Path, schema: schema_pb2.Schema) -> None:
    tree = json_format.MessageToDict(schema, preserving_proto_field_name=True)
    path.write_text(tomli_w.dumps(tree), encoding="utf-8")
