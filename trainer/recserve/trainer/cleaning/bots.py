"""Users whose rate of events no person has."""

from __future__ import annotations

import numpy as np

from recserve.trainer.tables import Bools, Floats, Ints

WINDOW_SECONDS = 3600.0
FEWEST_USERS = 20
"""Of fewer users one cannot say what is usual."""
DEVIATIONS = 6.0
LEAST_DEVIATION = 0.5
MAD_TO_DEVIATION = 1.4826
"""The standard deviation of a normal distribution by its median absolute deviation."""


def fast_users(user: Ints, time: Floats, counted: Bools, hourly: int) -> Bools:
    """Finds users with an impossible rate.

    One who has more than `hourly` events within an hour, and an outlier among all users: the
    logarithm of the busiest hour lies more than `DEVIATIONS` robust deviations above the median.
    The deviation is the median absolute deviation (MAD) times 1.4826 (Leys and others 2013), at
    least `LEAST_DEVIATION`: 20 times the median user's busiest hour is never too little.

    Args:
        user: int32 `[n]`, from 0.
        time: float64 `[n]`, seconds.
        counted: `[n]`: which events count.
        hourly: The most events within an hour that are always possible.

    Returns:
        For each user whether the rate is impossible.
    """
    peaks = busiest_hours(user[counted], time[counted], int(user.max(initial=-1)) + 1)
    active = peaks[peaks > 0]
    if len(active) < FEWEST_USERS:
        return np.zeros(len(peaks), dtype=bool)
    logs = np.log(active)
    middle = float(np.median(logs))
    deviation = MAD_TO_DEVIATION * float(np.median(np.abs(logs - middle)))
    usual = np.exp(middle + DEVIATIONS * max(deviation, LEAST_DEVIATION))
    fast: Bools = peaks > max(float(hourly), usual)
    return fast


def busiest_hours(user: Ints, time: Floats, user_count: int) -> Ints:
    """The most events of each user within any hour, int64 `[user_count]`."""
    peaks = np.zeros(user_count, np.int64)
    if not len(user):
        return peaks
    order = np.lexsort((time, user))
    user = user[order]
    offset = time[order] - time.min()
    # Users lie behind each other on one line, further apart than an hour.
    line = user * (float(offset.max()) + 2 * WINDOW_SECONDS) + offset
    first = np.searchsorted(line, line - WINDOW_SECONDS, side="right")
    np.maximum.at(peaks, user, np.arange(len(line)) - first + 1)
    return peaks
