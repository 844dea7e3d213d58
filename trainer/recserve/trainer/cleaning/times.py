"""Times in the forms in which data has them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recserve.trainer.tables import Floats

# Seconds stay below this until the year 5138; milliseconds are above it since 1973.
MILLISECONDS_FROM = 1e11


def parse_times(text: pd.Series[str], *, clock: bool) -> Floats:
    """Reads times.

    Args:
        text: The cells: seconds or milliseconds since 1970, or ISO 8601 (UTC where no
            zone is given).
        clock: False for positions in a history, which are taken as they are.

    Returns:
        float64 `[n]`: seconds since 1970, or positions; NaN where unreadable.
    """
    numbers = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
    if not clock:
        return numbers
    seconds = np.where(np.abs(numbers) >= MILLISECONDS_FROM, numbers / 1000, numbers)
    words = np.isnan(numbers)
    if words.any():
        seconds[words] = _iso(text[words])
    return seconds


def _iso(text: pd.Series[str]) -> Floats:
    moments = pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce")
    seconds = (moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    return seconds.to_numpy(dtype=np.float64)
