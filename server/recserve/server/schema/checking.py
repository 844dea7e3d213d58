"""The rules of a schema, as schema.proto states them."""

import math
from collections.abc import Iterable, Iterator

from recserve.server.schema.declared import EVENT_TYPE_NAME, feature_list
from recserve.v1 import schema_pb2

MAX_EVENT_TYPES = 64
MAX_FEATURES = 256
MAX_WEIGHT = 1000.0

MAX_DIMENSION = 4096
MAX_NUMBERS = 8192

_SEPARATED_TYPES = (schema_pb2.FEATURE_TYPE_MULTI_VALUED, schema_pb2.FEATURE_TYPE_VECTOR)


def schema_faults(schema: schema_pb2.Schema) -> list[str]:
    """Returns every rule that a schema breaks, each with its place; none for a good one."""
    faults = list(_event_type_faults(schema.event_types))
    for place in ("user_features", "item_features", "context_features", "candidate_features"):
        faults += _feature_faults(place, getattr(schema, place))
    for index, feature in enumerate(schema.candidate_features):
        known = feature.type in schema_pb2.FeatureType.values()[1:]
        if known and feature.type != schema_pb2.FEATURE_TYPE_NUMERIC:
            faults.append(f"candidate_features[{index}]: must be FEATURE_TYPE_NUMERIC")
    return faults


def _event_type_faults(event_types: Iterable[schema_pb2.EventType]) -> Iterator[str]:
    event_types = list(event_types)
    yield from _list_faults(
        "event_types", [each.name for each in event_types], limit=MAX_EVENT_TYPES
    )
    for index, each in enumerate(event_types):
        for fault in _one_event_type_faults(each):
            yield f"event_types[{index}] ({each.name!r}): {fault}"


def _one_event_type_faults(event_type: schema_pb2.EventType) -> Iterator[str]:
    if event_type.HasField("weight") and not 0 < event_type.weight <= MAX_WEIGHT:
        yield f"weight {event_type.weight:g} must be above 0 and at most {MAX_WEIGHT:g}"
    if event_type.polarity not in schema_pb2.Polarity.values():
        yield f"polarity {event_type.polarity} is unknown"
    if not event_type.HasField("positive_at_least"):
        return
    if not math.isfinite(event_type.positive_at_least):
        yield "positive_at_least must be finite"
    if event_type.polarity in (schema_pb2.POLARITY_NEGATIVE, schema_pb2.POLARITY_IMPRESSION):
        yield "positive_at_least is for positive types only"


def _feature_faults(place: str, features: Iterable[schema_pb2.Feature]) -> Iterator[str]:
    features = list(features)
    yield from _list_faults(place, [each.name for each in features], limit=MAX_FEATURES)
    for index, each in enumerate(features):
        for fault in _one_feature_faults(each):
            yield f"{place}[{index}] ({each.name!r}): {fault}"
    numbers = feature_list(features).numbers
    if numbers > MAX_NUMBERS:
        yield f"{place}: {numbers} numbers, vectors included, at most {MAX_NUMBERS} are allowed"


def _one_feature_faults(feature: schema_pb2.Feature) -> Iterator[str]:
    if feature.type == schema_pb2.FEATURE_TYPE_UNSPECIFIED:
        known = ", ".join(schema_pb2.FeatureType.keys()[1:])
        yield f"type is missing; write one of {known}"
    elif feature.type not in schema_pb2.FeatureType.values():
        yield f"type {feature.type} is unknown"
    if feature.separator and feature.type not in _SEPARATED_TYPES:
        yield "separator is for FEATURE_TYPE_MULTI_VALUED and FEATURE_TYPE_VECTOR only"
    if feature.type == schema_pb2.FEATURE_TYPE_VECTOR:
        if not 1 <= feature.dimension <= MAX_DIMENSION:
            yield f"dimension {feature.dimension} must be 1 to {MAX_DIMENSION}"
    elif feature.dimension:
        yield "dimension is for FEATURE_TYPE_VECTOR only"


def _list_faults(place: str, names: list[str], *, limit: int) -> Iterator[str]:
    if len(names) > limit:
        yield f"{place}: {len(names)} entries, at most {limit} are allowed"
    seen: set[str] = set()
    for index, name in enumerate(names):
        if not EVENT_TYPE_NAME.fullmatch(name):
            yield f"{place}[{index}]: name {name!r} must match {EVENT_TYPE_NAME.pattern}"
        elif name in seen:
            yield f"{place}[{index}]: name {name!r} is there twice"
        seen.add(name)
