"""Features as people read them."""

from collections.abc import Mapping

from recserve.client.event import FeatureValue


def shown_features(features: Mapping[str, FeatureValue]) -> list[tuple[str, str]]:
    """Features as the rows of a table, in the order of their names."""
    return [(name, _shown(value)) for name, value in sorted(features.items())]


def _shown(value: FeatureValue) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.15g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
