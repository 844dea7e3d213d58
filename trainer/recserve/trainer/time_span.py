"""Spans of time as people write them."""

import re

UNITS = (3600, 60, 1)


def seconds(text: str) -> float:
    """Reads a span such as 45s, 30m or 1h30m.

    Returns:
        Seconds, above 0.

    Raises:
        ValueError: If it is none.
    """
    found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text.strip())
    parts = found.groups(default="0") if found else ()
    whole = sum(int(part) * unit for part, unit in zip(parts, UNITS, strict=bool(parts)))
    if not whole:
        raise ValueError(f"{text!r} is no span of time, such as 45s, 30m or 1h30m")
    return float(whole)
