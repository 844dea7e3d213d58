"""Loads a dataset into the event log and the catalogue, in bulk."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from recserve.server.catalogue import Catalogue, ItemRecord, SqlCatalogue, UserRecord
from recserve.server.database import open_database
from recserve.server.dataset import (
    BadRows,
    Entities,
    Interactions,
    locate,
    open_text,
    schema_file_of,
)
from recserve.server.dataset.columns import EventColumns
from recserve.server.dataset.text_file import TextFile
from recserve.server.errors import InvalidDataset
from recserve.server.event_log import SCHEMA_META, EventLog, SqlEventLog
from recserve.server.events import Event
from recserve.server.schema import DeclaredSchema, load_schema, schema_from_json

EVENTS_PER_COMMIT = 5_000  # a server that writes beside the import waits this long at most
RECORDS_PER_COMMIT = 5_000

_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is.

    Attributes:
        rows_read: Rows of the interactions file read so far.
        done: How much of that file has been read, 0 to 1.
    """

    rows_read: int
    done: float


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Attributes:
        rows_read: Rows of the interactions file.
        accepted_count: Events stored now.
        duplicate_count: Events that an earlier import had stored.
        left_out: By reason, the rows of any file that were left out, or features that were.
        examples: By reason, the first one.
        item_count: Items of the dataset.
        user_count: Users of the dataset.
        log_position: The log's last position afterwards.
        schema_digest: The schema by which the dataset was read; empty if none was given.
        seconds: How long it took.
    """

    rows_read: int
    accepted_count: int
    duplicate_count: int
    left_out: dict[str, int]
    examples: dict[str, str]
    item_count: int
    user_count: int
    log_position: int
    schema_digest: str
    seconds: float


def import_dataset(
    path: Path,
    event_log_url: str,
    schema_path: Path | None = None,
    *,
    progress: Callable[[ImportProgress], None] = lambda _: None,
    wall_clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
) -> ImportReport:
    """Loads a dataset into an event log; what is there already is not stored again.

    Each transaction stores whole pieces of the dataset, so an import that is cut off leaves
    a sound log, and is completed by repeating it. A server may run on the log meanwhile.

    Args:
        path: A folder with `interactions.*` and perhaps `items.*`, `users.*` and
            `schema.toml`, or one file of interactions.
        event_log_url: The event log, `sqlite:///PATH` or `postgresql://USER@HOST/DATABASE`.
        schema_path: The schema. Default: the dataset's own, if it has one.
        progress: Called after each piece.
        wall_clock: Seconds since 1970, UTC.
        monotonic: Seconds, for the duration.

    Raises:
        InvalidSchema: The schema breaks a rule.
        InvalidDataset: The dataset cannot be read as its schema says, or no row can.
        EventLogRefused: The database cannot be used.
        Overloaded: The disk is full, or another process held the database for too long.
        Unavailable: The database failed.
    """
    start = monotonic()
    source = _Source.open(path, schema_path, wall_clock())
    database = open_database(event_log_url)
    try:
        loaded = _load(source, SqlEventLog(database), SqlCatalogue(database), progress)
    finally:
        database.close()
    return ImportReport(
        rows_read=loaded.rows_read,
        accepted_count=loaded.accepted_count,
        duplicate_count=loaded.duplicate_count,
        left_out=source.bad.counts,
        examples=source.bad.examples,
        item_count=len(source.items),
        user_count=len(source.users),
        log_position=loaded.log_position,
        schema_digest=source.schema.digest if source.has_schema else "",
        seconds=monotonic() - start,
    )


@dataclass(frozen=True, slots=True)
class _Source:
    """A dataset whose files and columns have been found."""

    schema: DeclaredSchema
    has_schema: bool
    interactions: Interactions
    items: Entities
    users: Entities
    now: float
    """Seconds since 1970: when the import began."""
    bad: BadRows = field(default_factory=BadRows)

    @classmethod
    def open(cls, path: Path, schema_path: Path | None, now: float) -> "_Source":
        chosen = schema_path or schema_file_of(path)
        has_schema = schema_path is not None or chosen.is_file()
        schema = load_schema(chosen) if has_schema else schema_from_json("{}")
        files = locate(path, schema.message.source)
        file = open_text(files.interactions)
        interactions = Interactions(file, schema, now)
        columns = interactions.columns
        if not has_schema:
            _refuse_unexplained(path, file, columns)
        return cls(
            schema=schema,
            has_schema=has_schema,
            interactions=interactions,
            items=Entities(files.items, columns.item, schema.item, file),
            users=Entities(files.users, columns.user, schema.user, file),
            now=now,
        )


def _refuse_unexplained(path: Path, file: TextFile, columns: EventColumns) -> None:
    """Without a schema nobody knows what further columns mean: a label would be lost for good."""
    further = [name for name in file.columns if name not in columns.names]
    if further:
        raise InvalidDataset(
            f"{file.path} has further columns ({', '.join(further[:10])}) and no schema that says"
            f" what they mean: `recserve-trainer inspect {path} --write` proposes one, or name one"
            " with --schema"
        )


@dataclass(slots=True)
class _Loaded:
    rows_read: int = 0
    accepted_count: int = 0
    duplicate_count: int = 0
    log_position: int = 0

    def store(self, log: EventLog, events: Sequence[Event]) -> None:
        for some in _batches(events, EVENTS_PER_COMMIT):
            (appended,) = log.append_groups([some])
            self.accepted_count += appended.accepted_count
            self.duplicate_count += appended.duplicate_count


def _load(
    source: _Source,
    log: EventLog,
    catalogue: Catalogue,
    progress: Callable[[ImportProgress], None],
) -> _Loaded:
    loaded = _Loaded()
    source.items.read_own_file(source.bad)
    source.users.read_own_file(source.bad)
    further = source.items.columns | source.users.columns
    for piece in source.interactions.pieces(further, source.bad):
        if piece.events and not loaded.accepted_count and source.has_schema:
            log.set_meta(SCHEMA_META, source.schema.to_json())
        loaded.store(log, piece.events)
        source.items.look_at(piece.rows, source.bad)
        source.users.look_at(piece.rows, source.bad)
        loaded.rows_read += piece.rows_read
        progress(ImportProgress(loaded.rows_read, piece.done))
    _refuse_if_all_bad(loaded, source.bad)
    _put_items(catalogue, source.items, source.now)
    _put_users(catalogue, source.users, source.now)
    loaded.log_position = log.last_position()
    return loaded


def _refuse_if_all_bad(loaded: _Loaded, bad: BadRows) -> None:
    if loaded.rows_read and not loaded.accepted_count + loaded.duplicate_count:
        reasons = "; ".join(f"{reason}, such as {bad.examples[reason]}" for reason in bad.counts)
        raise InvalidDataset(f"none of {loaded.rows_read} rows can be imported: {reasons}")


def _put_items(catalogue: Catalogue, items: Entities, now: float) -> None:
    described = (
        ItemRecord(item_id, found, update_time=now) for item_id, found in items.described.items()
    )
    for some in _batches(described, RECORDS_PER_COMMIT):
        catalogue.put_items(some)
    bare = (ItemRecord(item_id, update_time=now) for item_id in items.undescribed)
    for some in _batches(bare, RECORDS_PER_COMMIT):
        catalogue.put_items(some, keep_existing=True)


def _put_users(catalogue: Catalogue, users: Entities, now: float) -> None:
    described = (
        UserRecord(user_id, found, update_time=now) for user_id, found in users.described.items()
    )
    for some in _batches(described, RECORDS_PER_COMMIT):
        catalogue.put_users(some)


def _batches(records: Iterable[_R], size: int) -> Iterator[list[_R]]:
    iterator = iter(records)
    while some := list(islice(iterator, size)):
        yield some
