"""Cells of text as numbers, times and feature values."""

import math
import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from recserve.server.schema import LATEST_SECONDS, DeclaredFeature, FeatureValue
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


def feature_cells(column: "pd.Series[str]", feature: DeclaredFeature) -> list[str]:
    """The cells of a feature, times among them as seconds where they can be read."""
    if feature.type != schema_pb2.FEATURE_TYPE_TIMESTAMP:
        return column.tolist()
    text = column.str.strip()
    seconds = clock_times(text).tolist()
    return [
        cell if math.isnan(number) else repr(number)
        for cell, number in zip(text.tolist(), seconds, strict=True)
    ]


def feature_value(cell: str, feature: DeclaredFeature) -> FeatureValue | None:
    """Reads one cell of a feature, of those that `feature_cells` gives.

    Returns:
        The value; None where the cell is empty.

    Raises:
        ValueError: The cell is no finite number, time or vector, and the feature is one.
    """
    text = cell.strip()
    if feature.type in _STRINGS:
        return text or None
    if feature.type == schema_pb2.FEATURE_TYPE_MULTI_VALUED:
        values = tuple(part.strip() for part in text.split(feature.separator))
        return tuple(filter(None, values)) or None
    if text.lower() in ("", "nan"):
        return None
    return _READERS[feature.type](text, feature)


def _number(text: str, _: DeclaredFeature) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _time(text: str, _: DeclaredFeature) -> float:
    seconds = float(text)
    if not abs(seconds) < LATEST_SECONDS:
        raise ValueError(text)
    return seconds


def _vector(text: str, feature: DeclaredFeature) -> tuple[float, ...]:
    inside = text.strip("[]()").strip()
    is_separated = feature.separator and feature.separator in inside
    parts = inside.split(feature.separator) if is_separated else _BETWEEN.split(inside)
    # Nine digits tell one float32 from any other.
    vector = tuple(float(f"{float(part):.9g}") for part in parts)
    if len(vector) != feature.dimension or not all(abs(each) <= _GREATEST for each in vector):
        raise ValueError(text)
    return vector


_STRINGS = (schema_pb2.FEATURE_TYPE_CATEGORICAL, schema_pb2.FEATURE_TYPE_TEXT)
_READERS: dict[schema_pb2.FeatureType, Callable[[str, DeclaredFeature], FeatureValue]] = {
    schema_pb2.FEATURE_TYPE_NUMERIC: _number,
    schema_pb2.FEATURE_TYPE_TIMESTAMP: _time,
    schema_pb2.FEATURE_TYPE_VECTOR: _vector,
}
_BETWEEN = re.compile(r"[\s,;|]+")
_GREATEST = float(np.finfo(np.float32).max)
