"""Feature values as plain Python values, and as the JSON that the database keeps."""

import json
from collections.abc import Mapping

FeatureValue = float | str | tuple[str, ...]
"""A number (numeric), a string (categorical) or strings (multi-valued)."""

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


def _plain(value: object) -> FeatureValue:
    if isinstance(value, list):
        return tuple(str(part) for part in value)
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return float(value)
    raise TypeError(f"not the JSON of a feature value: {value!r}")
