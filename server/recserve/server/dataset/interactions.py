"""The events of a dataset."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recserve.server.dataset.bad_rows import BadRows
from recserve.server.dataset.cells import (
    Floats,
    clock_times,
    is_missing,
    numbers,
    numbers_or_truths,
)
from recserve.server.dataset.columns import EventColumns
from recserve.server.dataset.event_type_name import event_type_of
from recserve.server.dataset.features import feature_rows
from recserve.server.dataset.ids import with_good_ids
from recserve.server.dataset.text_file import Piece, TextFile
from recserve.server.events import Event
from recserve.server.schema import DeclaredSchema
from recserve.v1 import schema_pb2

CLOCK_AHEAD_SECONDS = 86_400.0
UNNAMED_EVENT_TYPE = "interaction"
"""The event type where neither the dataset nor the schema names one."""

DIGEST_LENGTH = 32  # hex digits, 128 bits: enough to tell files apart
ROW_DIGITS = 12  # zero-padded, so that the ids of a file sort in the order of its rows


@dataclass(frozen=True, slots=True)
class EventPiece:
    """The good rows of one piece of the interactions file.

    Attributes:
        events: Their events.
        rows: Their cells, for whoever reads features from them.
        rows_read: Rows of the piece, bad ones included.
        done: How much of the file has been read with it, 0 to 1.
    """

    events: list[Event]
    rows: pd.DataFrame
    rows_read: int
    done: float


class Interactions:
    """Reads the interactions file.

    The id of an event is made of the file's SHA-256 and the number of its row, so the same
    file always gives the same ids. Where the schema says that times are positions in a
    user's history, the event time is the position in seconds after 1970-01-01; where there
    are no times, it is 1970-01-01, and the order of the rows is kept by the log.

    Args:
        file: The file.
        schema: The schema.
        now: The time, in seconds since 1970; events more than a day ahead are impossible.

    Raises:
        InvalidDataset: A column is missing.
    """

    def __init__(self, file: TextFile, schema: DeclaredSchema, now: float) -> None:
        source = schema.message.source
        self._file = file
        self._schema = schema
        self._latest = now + CLOCK_AHEAD_SECONDS
        self._clock = source.timestamp_kind != schema_pb2.TIMESTAMP_KIND_SEQUENCE
        self.columns = EventColumns.of(file, source)
        self._context = [each for each in schema.context.features if each.column in file.columns]
        first_type = schema.event_types[0].name if schema.event_types else UNNAMED_EVENT_TYPE
        self._only_type = None if self.columns.event_type else first_type
        self._needing_value = [
            each.name for each in schema.event_types if each.positive_at_least is not None
        ]

    def pieces(self, further_columns: set[str], bad: BadRows) -> Iterator[EventPiece]:
        """Reads the events piece by piece; bad rows are left out and noted.

        Args:
            further_columns: Columns to read besides those of events.
            bad: Is told of what is left out.

        Raises:
            InvalidDataset: The file is damaged.
        """
        digest = self._file.sha256()[:DIGEST_LENGTH]
        context = {each.column for each in self._context}
        for piece in self._file.pieces(self.columns.names | further_columns | context):
            yield self._read(piece, digest, bad)

    def _read(self, piece: Piece, digest: str, bad: BadRows) -> EventPiece:
        for line in piece.unreadable:
            bad.note("unreadable_row", 1, line)
        rows = with_good_ids(piece.rows, [self.columns.user, self.columns.item], bad)
        rows = self._with_types(rows, bad)
        rows = self._with_values(rows, bad)
        rows = self._with_times(rows, bad)
        rows_read = len(piece.rows) + len(piece.unreadable)
        return EventPiece(list(self._events(rows, digest, bad)), rows, rows_read, piece.done)

    def _with_types(self, rows: pd.DataFrame, bad: BadRows) -> pd.DataFrame:
        if self.columns.event_type is None:
            return rows
        words = rows[self.columns.event_type].str.strip()
        names = {word: event_type_of(word, self._schema) for word in words.unique()}
        refused = words.isin([word for word, name in names.items() if name is None])
        bad.note_rows("unknown_event_type", rows[refused], [self.columns.event_type])
        return rows.assign(**{self.columns.event_type: words.map(names)})[~refused]

    def _with_values(self, rows: pd.DataFrame, bad: BadRows) -> pd.DataFrame:
        if self.columns.value is None:
            return rows.assign(**{_VALUE: np.nan})
        text = rows[self.columns.value].str.strip()
        missing = is_missing(text).to_numpy()
        values = numbers_or_truths(text)
        rows = rows.assign(**{_VALUE: values})
        faulty = ~missing & ~np.isfinite(values)
        bad.note_rows("bad_value", rows[faulty], self.columns_shown(self.columns.value))
        needed = missing & self._needs_value(rows)
        bad.note_rows("missing_value", rows[needed], self.columns_shown())
        return rows[~faulty & ~needed]

    def _needs_value(self, rows: pd.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        if self._only_type is not None:
            return np.full(len(rows), self._only_type in self._needing_value)
        return rows[self.columns.event_type].isin(self._needing_value).to_numpy()

    def _with_times(self, rows: pd.DataFrame, bad: BadRows) -> pd.DataFrame:
        if self.columns.time is None:
            return rows.assign(**{_TIME: 0.0})
        text = rows[self.columns.time].str.strip()
        times: Floats = clock_times(text) if self._clock else numbers(text)
        rows = rows.assign(**{_TIME: times})
        faulty = ~np.isfinite(times)
        impossible = times < 0
        if self._clock:
            impossible |= ~faulty & (times > self._latest)
        impossible &= ~faulty
        bad.note_rows("bad_time", rows[faulty], self.columns_shown(self.columns.time))
        bad.note_rows("impossible_time", rows[impossible], self.columns_shown(self.columns.time))
        return rows[~faulty & ~impossible]

    def _events(self, rows: pd.DataFrame, digest: str, bad: BadRows) -> Iterator[Event]:
        types = (
            [self._only_type] * len(rows)
            if self._only_type is not None
            else rows[self.columns.event_type].tolist()
        )
        for number, user, item, event_type, value, time, context in zip(
            rows.index.tolist(),
            rows[self.columns.user].tolist(),
            rows[self.columns.item].tolist(),
            types,
            rows[_VALUE].tolist(),
            rows[_TIME].tolist(),
            feature_rows(rows, self._context, bad),
            strict=True,
        ):
            yield Event(
                event_id=f"{digest}-{number:0{ROW_DIGITS}d}",
                user_id=user,
                item_id=item,
                event_type=event_type,
                value=value if value == value else None,  # NaN is not itself
                time=time,
                context=context,
            )

    def columns_shown(self, *further: str) -> tuple[str, ...]:
        """The columns by which people find a row again."""
        return (self.columns.user, self.columns.item, *further)


# Columns of our own; a file's cannot be called so, since its names are words of a CSV header.
_VALUE = "\x00value"
_TIME = "\x00time"
