"""From a map of feature values to features of the domain."""

import math
from collections.abc import Mapping

from recserve.server.front_end.requests.checks import Checks
from recserve.server.schema import FeatureList, Features, FeatureValue
from recserve.v1 import schema_pb2

MAX_FEATURES = 256
MAX_TEXT_BYTES = 1024
MAX_STRINGS = 256
_KINDS = {
    schema_pb2.FEATURE_TYPE_NUMERIC: "number",
    schema_pb2.FEATURE_TYPE_CATEGORICAL: "text",
    schema_pb2.FEATURE_TYPE_MULTI_VALUED: "strings",
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
            checks.refuse(at, "the schema declares no such feature")
        elif value.WhichOneof("kind") != _KINDS[feature.type]:
            checks.refuse(at, f"must be given as `{_KINDS[feature.type]}`")
        elif (plain := _plain(value, at, checks)) is not None:
            features[name] = plain
    return features


def _plain(value: schema_pb2.FeatureValue, at: str, checks: Checks) -> FeatureValue | None:
    kind = value.WhichOneof("kind")
    if kind == "number":
        finite = math.isfinite(value.number)
        return value.number if checks.require(finite, at, "must be finite") else None
    if kind == "text":
        return value.text if checks.text(value.text, at, MAX_TEXT_BYTES) else None
    strings = tuple(value.strings.values)
    few = checks.require(len(strings) <= MAX_STRINGS, at, f"at most {MAX_STRINGS} values")
    if few and all(checks.text(text, at, MAX_TEXT_BYTES) for text in strings):
        return strings
    return None
