"""Points in time as people write them."""

import contextlib
from datetime import UTC, date, datetime

import click


def moment(text: str | None, option: str) -> datetime | float | None:
    """Seconds since 1970, ISO 8601 with a time zone, or a date, which is its start in UTC.

    Raises:
        click.BadParameter: It is none of these.
    """
    if text is None:
        return None
    try:
        if len(text) in (len("20260131"), len("2026-01-31")) and "." not in text:
            # Eight digits are a date, not a moment of the year 1970.
            with contextlib.suppress(ValueError):
                return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        with contextlib.suppress(ValueError):
            return float(text)
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from error
