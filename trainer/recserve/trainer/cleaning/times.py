"""Times in the forms in which data has them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recserve.trainer.tables import Floats

# Seconds stay below the first until the year 5138; milliseconds are above it since 1973. So
# with micro- and nanoseconds.
UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))


def parse_times(text: pd.Series[str], *, clock: bool) -> Floats:
    """Reads times.

    Args:
        text: The cells: seconds, milli-, micro- or nanoseconds since 1970, or ISO 8601 (UTC
            where no zone is given, or where "UTC" stands behind).
        clock: False for positions in a history, which are taken as they are.

    Returns:
        float64 `[n]`: seconds since 1970, or positions; NaN where unreadable.
    """
    numbers = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
    if not clock:
        return numbers
    sizes = np.abs(numbers)
    units = np.select([sizes >= least for least, _ in UNITS], [unit for _, unit in UNITS], 1.0)
    seconds: Floats = numbers / units
    words = np.isnan(numbers)
    if words.any():
        seconds[words] = _iso(text[words])
    return seconds


def _iso(text: pd.Series[str]) -> Floats:
    text = text.str.strip().str.replace(r"\s*(?:UTC|GMT)$", "Z", regex=True)
    moments = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")
    seconds = (moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    return seconds.to_numpy(dtype=np.float64)
