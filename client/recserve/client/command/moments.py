"""Points in time as people write them."""

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
        return float(text)
    except ValueError:
        pass
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from error
