"""From a map of feature values to features of the domain."""

import math
from collections.abc import Mapping, Sequence

from recserve.server.front_end.requests.checks import Checks
from recserve.server.schema import (
    LATEST_SECONDS,
    DeclaredFeature,
    FeatureList,
    Features,
    FeatureValue,
)
from recserve.v1 import schema_pb2

MAX_FEATURES = 256
MAX_STRING_BYTES = 1024
MAX_TEXT_BYTES = 8192
MAX_STRINGS = 256
MAX_NAMED = 10
"""Features that a refusal lists."""
_KINDS = {
    schema_pb2.FEATURE_TYPE_NUMERIC: "number",
    schema_pb2.FEATURE_TYPE_CATEGORICAL: "text",
    schema_pb2.FEATURE_TYPE_MULTI_VALUED: "strings",
    schema_pb2.FEATURE_TYPE_TIMESTAMP: "number",
    schema_pb2.FEATURE_TYPE_TEXT: "text",
    schema_pb2.FEATURE_TYPE_VECTOR: "vector",
}


def read_features(
    given: Mapping[str, schema_pb2.FeatureValue],
    declared: FeatureList,
    field: str,
    checks: Checks,
) -> Features:
    """Check features against what the schema declares.

    Args:
        given: The message's map.
        declared: The features that may come.
        field: Path of the map, for violations.
        checks: Takes the violations.
    """
    if not given:
        return {}
    if not checks.require(len(given) <= MAX_FEATURES, field, f"at most {MAX_FEATURES} features"):
        return {}
    features: dict[str, FeatureValue] = {}
    for name, value in given.items():
        at = f"{field}[{name[:63]!r}]"
        feature = declared.get(name)
        if feature is None:
            checks.refuse(at, f"the schema declares no such feature{_known(declared)}")
        elif value.WhichOneof("kind") != _KINDS[feature.type]:
            checks.refuse(at, f"must be given as `{_KINDS[feature.type]}`")
        elif (plain := _plain(value, feature, at, checks)) is not None:
            features[name] = plain
    return features


def _known(declared: FeatureList) -> str:
    names = [feature.name for feature in declared.features]
    if not names:
        return ", and none at all here"
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"; it has {', '.join(names[:MAX_NAMED])}{more}"


def _plain(
    value: schema_pb2.FeatureValue, feature: DeclaredFeature, at: str, checks: Checks
) -> FeatureValue | None:
    kind = value.WhichOneof("kind")
    if kind == "number":
        return _number(value.number, feature, at, checks)
    if kind == "text":
        is_text = feature.type == schema_pb2.FEATURE_TYPE_TEXT
        limit = MAX_TEXT_BYTES if is_text else MAX_STRING_BYTES
        return value.text if checks.text(value.text, at, limit) else None
    if kind == "vector":
        return _vector(value.vector.values, feature, at, checks)
    strings = tuple(value.strings.values)
    few = checks.require(len(strings) <= MAX_STRINGS, at, f"at most {MAX_STRINGS} values")
    if few and all(checks.text(text, at, MAX_STRING_BYTES) for text in strings):
        return strings
    return None


def _number(number: float, feature: DeclaredFeature, at: str, checks: Checks) -> float | None:
    if feature.type == schema_pb2.FEATURE_TYPE_TIMESTAMP:
        told = "must be seconds since 1970, before the year 5138"
        return number if checks.require(abs(number) < LATEST_SECONDS, at, told) else None
    return number if checks.require(math.isfinite(number), at, "must be finite") else None


def _vector(
    values: Sequence[float], feature: DeclaredFeature, at: str, checks: Checks
) -> tuple[float, ...] | None:
    fits = len(values) == feature.dimension and all(map(math.isfinite, values))
    told = f"must be {feature.dimension} finite numbers"
    return tuple(values) if checks.require(fits, at, told) else None
