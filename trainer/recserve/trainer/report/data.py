"""What was learned from: cleaning, checks, schema, hyper-parameters, lineage, files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf import json_format

from recserve.v1 import model_pb2, schema_pb2

VERDICTS = {
    model_pb2.CHECK_VERDICT_PASSED: "passed",
    model_pb2.CHECK_VERDICT_WARNED: "warned",
    model_pb2.CHECK_VERDICT_FAILED: "failed",
    model_pb2.CHECK_VERDICT_SKIPPED: "skipped",
}
WORST_FIRST = ("failed", "warned", "skipped", "passed")


@dataclass(frozen=True)
class Check:
    """A quality check, and what came of it as a word."""

    verdict: str
    check: model_pb2.QualityCheck


@dataclass(frozen=True)
class Data:
    """The sections on what went in."""

    found: Sequence[model_pb2.CleaningRule]
    """The rules that changed something, those that changed most first."""
    idle: Sequence[str]
    """The names of those that were applied and found nothing."""
    disabled: Sequence[str]
    """The names of those that were switched off."""
    checks: Sequence[Check]
    """The worst first."""
    event_types: Sequence[tuple[str, str, str, str]]
    """Name, weight, polarity, and from which value on it is positive."""
    features: Sequence[tuple[str, str, str]]
    """What it is a feature of, its name, its type."""
    hyper_parameters: Sequence[tuple[str, str]]


def of(version: model_pb2.ModelVersion) -> Data:
    """The sections."""
    rules = version.cleaning.rules
    found = [rule for rule in rules if rule.dropped or rule.repaired]
    found.sort(key=lambda rule: -(rule.dropped + rule.repaired))
    checks = [
        Check(VERDICTS.get(each.verdict, "skipped"), each) for each in version.cleaning.checks
    ]
    checks.sort(key=lambda check: WORST_FIRST.index(check.verdict))
    chosen = json_format.MessageToDict(version.hyper_parameters, preserving_proto_field_name=True)
    return Data(
        found,
        [rule.name for rule in rules if rule not in found and not rule.disabled],
        [rule.name for rule in rules if rule.disabled],
        checks,
        [_event_type(each) for each in version.schema.event_types],
        _features(version.schema),
        [(name, _value(value)) for name, value in chosen.items()],
    )


def _event_type(declared: schema_pb2.EventType) -> tuple[str, str, str, str]:
    weight = declared.weight if declared.HasField("weight") else 1.0
    polarity = schema_pb2.Polarity.Name(declared.polarity or schema_pb2.POLARITY_POSITIVE)
    threshold = f"{declared.positive_at_least:g}" if declared.HasField("positive_at_least") else ""
    return declared.name, f"{weight:g}", _word(polarity, "POLARITY_"), threshold


def _features(schema: schema_pb2.Schema) -> list[tuple[str, str, str]]:
    sides = (
        ("user", schema.user_features),
        ("item", schema.item_features),
        ("context", schema.context_features),
        ("pair", schema.candidate_features),
    )
    return [
        (side, feature.name, _word(schema_pb2.FeatureType.Name(feature.type), "FEATURE_TYPE_"))
        for side, features in sides
        for feature in features
    ]


def _word(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower().replace("_", " ")


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return value if isinstance(value, str) else json.dumps(value)
