"""Cells of text as numbers, times and feature values."""

import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from recserve.server.schema import DeclaredFeature, FeatureValue
from recserve.v1 import schema_pb2

Floats = npt.NDArray[np.float64]

UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""From what size on times are nano-, micro- and milliseconds: seconds stay below the last
until the year 5138, and milliseconds are above it since 1973."""

TRUTHS = {"true": "1", "yes": "1", "false": "0", "no": "0"}


def is_missing(text: "pd.Series[str]") -> "pd.Series[bool]":
    """Tells which cells of a column of numbers hold none."""
    return text.str.lower().isin(("", "nan"))


def numbers(text: "pd.Series[str]") -> Floats:
    """Reads numbers; NaN where there is none."""
    return pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def numbers_or_truths(text: "pd.Series[str]") -> Floats:
    """Reads numbers: yes and true are 1, no and false are 0; NaN where there is neither."""
    words = text.str.lower()
    return numbers(words.map(TRUTHS).fillna(words))


def clock_times(text: "pd.Series[str]") -> Floats:
    """Reads seconds, milli-, micro- or nanoseconds since 1970, or ISO 8601 (UTC as a rule).

    Returns:
        Seconds since 1970-01-01 UTC; NaN where unreadable.
    """
    seconds = numbers(text).copy()
    sizes = np.abs(seconds)
    seconds /= np.select([sizes >= least for least, _ in UNITS], [n for _, n in UNITS], 1)
    words = np.isnan(seconds)
    if words.any():
        seconds[words] = _iso_8601(text[words])
    return seconds


def _iso_8601(text: "pd.Series[str]") -> Floats:
    text = text.str.strip().str.replace(r"\s*(?:UTC|GMT)$", "Z", regex=True)
    moments = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")
    # Microseconds reach far enough for any year that ISO 8601 can write; nanoseconds do not.
    naive = moments.dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
    return np.where(np.isnat(naive), np.nan, naive.astype(np.int64) / 1e6)


def feature_value(cell: str, feature: DeclaredFeature) -> FeatureValue | None:
    """Reads one cell of a feature.

    Returns:
        The value; None where the cell is empty.

    Raises:
        ValueError: The feature is numeric and the cell is no finite number.
    """
    text = cell.strip()
    if feature.type == schema_pb2.FEATURE_TYPE_NUMERIC:
        return _number(text)
    if feature.type == schema_pb2.FEATURE_TYPE_CATEGORICAL:
        return text or None
    values = tuple(part.strip() for part in text.split(feature.separator))
    return tuple(filter(None, values)) or None


def _number(text: str) -> float | None:
    if text.lower() in ("", "nan"):
        return None
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
