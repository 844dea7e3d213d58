"""Feature values as plain Python values, and as the JSON that the database keeps."""

import json
from collections.abc import Iterable, Mapping

FeatureValue = float | str | tuple[str, ...] | tuple[float, ...]
"""A number (numeric, or a timestamp in seconds since 1970), a string (categorical or text),
strings (multi-valued) or numbers (a vector)."""

SECONDS_PER_DAY = 86_400.0
"""Versions read timestamps in days."""

LATEST_SECONDS = 1e11
"""Timestamps are below: from there on, the year 5138, a number in a file is one of milliseconds."""

Features = Mapping[str, FeatureValue]
"""Features by name. One that is missing is unknown."""


def features_to_json(features: Features) -> str:
    """Writes features as one JSON object; no features are the empty string."""
    if not features:
        return ""
    return json.dumps(features, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def features_from_json(text: str) -> dict[str, FeatureValue]:
    """Reads what `features_to_json` wrote."""
    if not text:
        return {}
    return {name: _plain(value) for name, value in json.loads(text).items()}


def many_features_from_json(texts: Iterable[str]) -> list[dict[str, FeatureValue]]:
    """Reads many of what `features_to_json` wrote: faster than each by itself."""
    objects = json.loads(f"[{','.join(text or '{}' for text in texts)}]")
    return [{name: _plain(value) for name, value in each.items()} for each in objects]


def _plain(value: object) -> FeatureValue:
    if isinstance(value, list):
        if value and not isinstance(value[0], str):
            return tuple(map(float, value))
        return tuple(map(str, value))
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return float(value)
    raise TypeError(f"not the JSON of a feature value: {value!r}")
