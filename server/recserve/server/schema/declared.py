"""A checked schema, with the look-ups that the server needs on every event."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from google.protobuf import json_format

from recserve.v1 import schema_pb2

_SEPARATORS = {schema_pb2.FEATURE_TYPE_VECTOR: ""}
EVENT_TYPE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class DeclaredEventType:
    """One event type with its defaults filled in.

    Attributes:
        name: Its name.
        weight: How much one such event counts, above 0.
        polarity: What it says of the user's taste; never POLARITY_UNSPECIFIED.
        positive_at_least: Events with a value below this are negatives; None: no limit.
    """

    name: str
    weight: float
    polarity: schema_pb2.Polarity
    positive_at_least: float | None

    def is_positive(self, value: float | None) -> bool:
        """Tells whether an event of this type with this value is a positive one."""
        if self.polarity != schema_pb2.POLARITY_POSITIVE:
            return False
        return self.positive_at_least is None or value is None or value >= self.positive_at_least


@dataclass(frozen=True, slots=True)
class DeclaredFeature:
    """One feature with its defaults filled in.

    Attributes:
        name: Its name.
        type: How its values are read.
        column: The dataset column it is read from.
        separator: What separates the values in one cell, for multi-valued features and
            vectors; empty for vectors: any of the usual ones.
        dimension: Numbers of a vector; 0 for all other types.
    """

    name: str
    type: schema_pb2.FeatureType
    column: str
    separator: str
    dimension: int = 0


@dataclass(frozen=True)
class FeatureList:
    """The features of a user, an item, the context or a pair, in declared order."""

    features: tuple[DeclaredFeature, ...] = ()
    _by_name: Mapping[str, DeclaredFeature] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {feature.name: feature for feature in self.features})

    def get(self, name: str) -> DeclaredFeature | None:
        """Returns the feature of this name, or None."""
        return self._by_name.get(name)

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """Names of the numeric features, in declared order."""
        return self._names_of(schema_pb2.FEATURE_TYPE_NUMERIC)

    @cached_property
    def timestamps(self) -> tuple[str, ...]:
        """Names of the timestamps, in declared order."""
        return self._names_of(schema_pb2.FEATURE_TYPE_TIMESTAMP)

    @cached_property
    def vectors(self) -> tuple[tuple[str, int], ...]:
        """Names and dimensions of the vectors, in declared order."""
        vector = schema_pb2.FEATURE_TYPE_VECTOR
        return tuple((each.name, each.dimension) for each in self.features if each.type == vector)

    @cached_property
    def categorical(self) -> tuple[str, ...]:
        """Names of the categorical features, in declared order."""
        return self._names_of(schema_pb2.FEATURE_TYPE_CATEGORICAL)

    @cached_property
    def strings(self) -> tuple[str, ...]:
        """Names of the categorical features and then of the texts, each in declared order."""
        return self.categorical + self._names_of(schema_pb2.FEATURE_TYPE_TEXT)

    @cached_property
    def multi_valued(self) -> tuple[str, ...]:
        """Names of the multi-valued features, in declared order."""
        return self._names_of(schema_pb2.FEATURE_TYPE_MULTI_VALUED)

    @cached_property
    def numbers(self) -> int:
        """Numbers that all features come to: one each, and all those of the vectors."""
        vectors = sum(dimension for _, dimension in self.vectors)
        return len(self.numeric) + len(self.timestamps) + vectors

    def _names_of(self, wanted: schema_pb2.FeatureType) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features if feature.type == wanted)


class DeclaredSchema:
    """A checked schema. Make it with `load_schema` or `declare`.

    A schema without event types is open, and one that says so: every well-formed event type
    is accepted, those that are not declared as a positive of weight 1.

    Args:
        message: A message that `check_schema` found no fault with; copied.
    """

    def __init__(self, message: schema_pb2.Schema) -> None:
        self._message = schema_pb2.Schema()
        self._message.CopyFrom(message)
        self.event_types = tuple(_event_type(each) for each in message.event_types)
        self.user = feature_list(message.user_features)
        self.item = feature_list(message.item_features)
        self.context = feature_list(message.context_features)
        self.candidate = feature_list(message.candidate_features)
        self._indices = {each.name: index for index, each in enumerate(self.event_types)}

    @property
    def message(self) -> schema_pb2.Schema:
        """A copy of the schema as a message."""
        copy = schema_pb2.Schema()
        copy.CopyFrom(self._message)
        return copy

    @property
    def is_open(self) -> bool:
        """Whether every well-formed event type is accepted."""
        return self._message.accepts_other_event_types or not self.event_types

    def accepts(self, event_type: str) -> bool:
        """Tells whether events of this type may be logged."""
        if event_type in self._indices:
            return True
        return self.is_open and EVENT_TYPE_NAME.fullmatch(event_type) is not None

    def event_type_index(self, event_type: str) -> int | None:
        """Returns the index by which models know the type; None if it is not declared."""
        return self._indices.get(event_type)

    def is_positive(self, event_type: str, value: float | None) -> bool:
        """Tells whether such an event says that the user wanted the item."""
        declared = self._declared(event_type)
        return self.is_open if declared is None else declared.is_positive(value)

    def is_impression(self, event_type: str) -> bool:
        """Tells whether such an event only says that the user was shown the item."""
        return event_type in self.impression_types

    def weight(self, event_type: str) -> float:
        """Returns how much one such event counts; 0 for a type that is not declared."""
        declared = self._declared(event_type)
        if declared is None:
            return 1.0 if self.is_open else 0.0
        return declared.weight

    @cached_property
    def impression_types(self) -> frozenset[str]:
        """Names of the event types that only say that an item was shown."""
        impression = schema_pb2.POLARITY_IMPRESSION
        return frozenset(each.name for each in self.event_types if each.polarity == impression)

    @cached_property
    def digest(self) -> str:
        """Hex SHA-256 of the schema in its canonical JSON.

        That is protobuf JSON with the field names of the .proto, keys sorted, without
        white space.
        """
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """Writes the schema as canonical JSON, which `schema_from_json` reads."""
        fields = json_format.MessageToDict(self._message, preserving_proto_field_name=True)
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def _declared(self, event_type: str) -> DeclaredEventType | None:
        index = self._indices.get(event_type)
        return None if index is None else self.event_types[index]


def _event_type(message: schema_pb2.EventType) -> DeclaredEventType:
    return DeclaredEventType(
        name=message.name,
        weight=message.weight if message.HasField("weight") else 1.0,
        polarity=message.polarity or schema_pb2.POLARITY_POSITIVE,
        positive_at_least=(
            message.positive_at_least if message.HasField("positive_at_least") else None
        ),
    )


def feature_list(messages: Iterable[schema_pb2.Feature]) -> FeatureList:
    """The features of one list of a schema, with their defaults filled in."""
    return FeatureList(
        tuple(
            DeclaredFeature(
                name=message.name,
                type=message.type,
                column=message.column or message.name,
                separator=message.separator or _SEPARATORS.get(message.type, "|"),
                dimension=message.dimension,
            )
            for message in messages
        )
    )
