"""`schema.toml`: the `recserve.v1.Schema` message written as TOML, field for field."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from google.protobuf import json_format

from recserve.trainer.errors import SchemaError
from recserve.trainer.feature_layout import FeatureLayout
from recserve.trainer.switches import Switches
from recserve.v1 import schema_pb2

FILE_NAME = "schema.toml"
MOST_FEATURES = 256
MOST_DIMENSIONS = 4096
MOST_NUMBERS = 8192
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_SEPARATED = (schema_pb2.FEATURE_TYPE_MULTI_VALUED, schema_pb2.FEATURE_TYPE_VECTOR)


def parse(text: str, origin: str = FILE_NAME) -> schema_pb2.Schema:
    """Reads a schema from TOML; an unknown key is an error that names it.

    Args:
        text: The TOML.
        origin: Where it came from, for messages.

    Raises:
        SchemaError: If it is no TOML, has an unknown key, or breaks a rule.
    """
    try:
        schema = json_format.ParseDict(tomllib.loads(text), schema_pb2.Schema())
    except (tomllib.TOMLDecodeError, json_format.ParseError) as error:
        raise SchemaError(f"{origin}: {error}") from error
    validate(schema, origin)
    return schema


def read(path: Path) -> schema_pb2.Schema:
    """Reads and checks a `schema.toml`.

    Raises:
        SchemaError: If it cannot be read or breaks a rule.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(f"{path}: cannot be read ({error})") from error


def validate(schema: schema_pb2.Schema, origin: str = FILE_NAME) -> None:
    """Checks the rules that the message's types cannot express.

    Raises:
        SchemaError: For a bad or repeated name, a weight or a dimension out of range, or a
            feature without a type.
    """
    Switches.of(schema.cleaning, f"{origin}: cleaning")
    _check_names(origin, "event_types", (event.name for event in schema.event_types), 64)
    for event in schema.event_types:
        if event.HasField("weight") and not 0 < event.weight <= 1000:
            raise SchemaError(f"{origin}: weight of event type {event.name!r} must be in (0, 1000]")
    for kind in ("user_features", "item_features", "context_features", "candidate_features"):
        features = getattr(schema, kind)
        _check_names(origin, kind, (feature.name for feature in features), MOST_FEATURES)
        for feature in features:
            _check_feature(origin, kind, feature)
        numbers = FeatureLayout.of(features).numbers
        if numbers > MOST_NUMBERS:
            raise SchemaError(
                f"{origin}: {kind} come to {numbers} numbers, vectors included; at most "
                f"{MOST_NUMBERS}: leave some out, or make the vectors shorter (PCA)"
            )


def digest(schema: schema_pb2.Schema) -> str:
    """Hex SHA-256 of the schema in its canonical JSON."""
    text = json_format.MessageToJson(
        schema, preserving_proto_field_name=True, sort_keys=True, indent=None
    )
    return sha256(text.encode()).hexdigest()


def _check_names(origin: str, kind: str, names: Iterable[str], most: int) -> None:
    counts = Counter(names)
    if counts.total() > most:
        raise SchemaError(f"{origin}: {kind} has {counts.total()} entries; at most {most}")
    for name, count in counts.items():
        if not _NAME.fullmatch(name):
            raise SchemaError(
                f"{origin}: {kind} has the name {name!r}; names are lower-case letters, digits "
                "and underscores, at most 63, beginning with a letter"
            )
        if count > 1:
            raise SchemaError(f"{origin}: {kind} has {name!r} {count} times")


def _check_feature(origin: str, kind: str, feature: schema_pb2.Feature) -> None:
    told = f"{origin}: {kind}.{feature.name}"
    if feature.type == schema_pb2.FEATURE_TYPE_UNSPECIFIED:
        known = ", ".join(schema_pb2.FeatureType.keys()[1:])
        raise SchemaError(f"{told} has no type; the types are {known}")
    if kind == "candidate_features" and feature.type != schema_pb2.FEATURE_TYPE_NUMERIC:
        raise SchemaError(f"{origin}: candidate feature {feature.name!r} must be numeric")
    if feature.type == schema_pb2.FEATURE_TYPE_VECTOR:
        if not 1 <= feature.dimension <= MOST_DIMENSIONS:
            raise SchemaError(
                f"{told}: dimension is {feature.dimension}; write how many numbers the vector "
                f"has, 1 to {MOST_DIMENSIONS}"
            )
    elif feature.dimension:
        raise SchemaError(f"{told}: dimension is for vector features only")
    if feature.separator and feature.type not in _SEPARATED:
        raise SchemaError(f"{told}: separator is for multi-valued and vector features only")
