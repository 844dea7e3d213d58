"""The rules of ids."""

from collections.abc import Sequence

import pandas as pd

from recserve.server.dataset.bad_rows import BadRows

MAX_ID_BYTES = 256


def with_good_ids(rows: pd.DataFrame, columns: Sequence[str], bad: BadRows) -> pd.DataFrame:
    """Trims the id columns; leaves out rows whose ids are missing, malformed or too long."""
    rows = rows.assign(**{column: rows[column].str.strip() for column in columns})
    missing = (rows[list(columns)] == "").any(axis=1)
    bad.note_rows("missing_id", rows[missing], columns)
    rows = rows[~missing]
    malformed = pd.concat([rows[column].str.contains("\x00") for column in columns], axis=1)
    bad.note_rows("malformed_id", rows[malformed.any(axis=1)], columns)
    rows = rows[~malformed.any(axis=1)]
    lengths = pd.concat([rows[column].map(_byte_length) for column in columns], axis=1)
    oversized = (lengths > MAX_ID_BYTES).any(axis=1)
    bad.note_rows("oversized_id", rows[oversized], columns)
    return rows[~oversized]


def _byte_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
