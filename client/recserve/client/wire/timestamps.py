"""Points in time, to and from messages."""

import math
from datetime import UTC, datetime, timedelta
from numbers import Real

from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def timestamp(name: str, moment: datetime | float) -> Timestamp:
    """The message of a point in time, to the microsecond.

    Args:
        name: What it is, for the error.
        moment: A datetime with a time zone, or seconds since the Unix epoch.

    Raises:
        TypeError: It is neither.
        ValueError: A datetime without a time zone, or a number that is no time.
    """
    message = Timestamp()
    message.FromMicroseconds(_microseconds(name, moment))
    return message


def moment_or_none(message: Timestamp, *, present: bool) -> datetime | None:
    """The point in time of a message, in UTC; None if the field is absent."""
    return message.ToDatetime(tzinfo=UTC) if present else None


def _microseconds(name: str, moment: datetime | float) -> int:
    if isinstance(moment, datetime):
        if moment.utcoffset() is None:
            raise ValueError(
                f"{name} has no time zone: use datetime.now(timezone.utc), or .astimezone() for "
                "local time"
            )
        return (moment - _EPOCH) // timedelta(microseconds=1)
    if not isinstance(moment, Real):
        raise TypeError(f"{name} must be a datetime or seconds since 1970, got {moment!r}")
    # The range of Timestamp: the years 1 to 9999.
    if not math.isfinite(moment) or not -62_135_596_800 <= moment < 253_402_300_800:
        raise ValueError(f"{name} must be seconds since 1970, got {moment!r}")
    return round(moment * 1_000_000)
