"""Numbers, times and text as people read them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from google.protobuf import timestamp_pb2

from recserve.v1 import model_pb2

SPACE = "\N{NO-BREAK SPACE}"
NOTHING = "\N{EN DASH}"
"""In the place of a figure that is none."""
LONGEST_TEXT = 200
"""Characters of a text from the data that are shown."""


def figure(value: float) -> str:
    """Three significant digits."""
    if not math.isfinite(value):
        return NOTHING
    if abs(value) >= 1000:
        return f"{value:.0f}" if abs(value) < 10_000 else f"{value:,.0f}"
    return f"{value:#.3g}".rstrip(".")


def count(value: int) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,}"


def percent(share: float) -> str:
    """A share of one as a percentage; what is not quite nothing, or not quite all, says so."""
    if not math.isfinite(share):
        return NOTHING
    if 0 < share < 0.001:
        return f"< 0.1{SPACE}%"
    if 0.999 < share < 1:
        return f"> 99.9{SPACE}%"
    return f"{100 * share:.1f}".removesuffix(".0") + f"{SPACE}%"


def interval(value: model_pb2.Interval) -> str:
    """From the low end to the high one."""
    return f"{figure(value.low)} to {figure(value.high)}"


def duration(seconds: float) -> str:
    """Hours, minutes, seconds, as far as they matter."""
    if seconds < 60:
        return f"{seconds:.1f}{SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = (f"{hours} h", f"{minutes} min") if hours else (f"{minutes} min", f"{rest} s")
    return " ".join(part.replace(" ", SPACE) for part in parts)


def size(bytes_: int) -> str:
    """Bytes in the largest unit that leaves at least one of it."""
    value, units = float(bytes_), ["B", "KiB", "MiB", "GiB"]
    while value >= 1024 and len(units) > 1:
        value /= 1024
        units.pop(0)
    return f"{value:.0f} B" if units[0] == "B" else f"{value:.1f} {units[0]}"


def moment(time: timestamp_pb2.Timestamp) -> str:
    """The day and minute, UTC."""
    return time.ToDatetime().strftime("%Y-%m-%d %H:%M UTC")


def day(time: timestamp_pb2.Timestamp) -> str:
    """The day, UTC."""
    return time.ToDatetime().strftime("%Y-%m-%d")


def short(text: str) -> str:
    """A text from the data, cut where it is too long to look at."""
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"


def words(name: str) -> str:
    """A name as words."""
    return name.replace("_", " ")


FILTERS: dict[str, Callable[[Any], str]] = {
    function.__name__: function
    for function in (figure, count, percent, interval, duration, size, moment, day, short, words)
}
"""For templates. `count` takes the place of Jinja's own, another name for `length`."""
