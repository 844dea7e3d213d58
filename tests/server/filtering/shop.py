"""Items with features, and what a filter means of one item, written down a second time."""

from typing import Any

from recserve.server.filtering.columns import ItemColumns
from recserve.server.filtering.conditions import AllOf, AnyOf, IsKnown, Not, NumberIs, TextIs
from recserve.server.schema import DeclaredSchema, Features, declare
from recserve.v1 import schema_pb2


def feature(name: str, kind: str) -> schema_pb2.Feature:
    return schema_pb2.Feature(name=name, type=schema_pb2.FeatureType.Value(f"FEATURE_TYPE_{kind}"))


SCHEMA_MESSAGE = schema_pb2.Schema(
    item_features=[
        feature("price", "NUMERIC"),
        feature("year", "NUMERIC"),
        feature("kind", "CATEGORICAL"),
        feature("tags", "MULTI_VALUED"),
        feature("since", "TIMESTAMP"),
        feature("told", "TEXT"),
        schema_pb2.Feature(name="image", type=schema_pb2.FEATURE_TYPE_VECTOR, dimension=2),
    ]
)
SCHEMA: DeclaredSchema = declare(SCHEMA_MESSAGE)
FEATURES = SCHEMA.item
ITEMS: dict[str, Features] = {
    "tea": {"price": 2.5, "year": 2001.0, "kind": "drink", "tags": ("hot", "green")},
    "cola": {"price": 1.0, "kind": "drink", "tags": ("cold",)},
    "cup": {"price": 9.99, "year": 1999.0, "kind": "thing", "since": 1.7e9, "image": (1.0, 2.0)},
    "gift": {"since": 0.0, "told": "for all"},
    "sale": {"price": 0.0, "kind": "true", "tags": ("Sci-Fi", "null")},
}


def columns(items: dict[str, Features] | None = None) -> ItemColumns:
    given = list((ITEMS if items is None else items).values())
    filled = ItemColumns(FEATURES, len(given))
    for row, features in enumerate(given):
        filled.put(row, features)
    return filled


def holds(condition: Any, features: Features) -> bool:
    """Whether a condition holds of one item, by Python's own comparisons."""
    match condition:
        case AllOf():
            return all(holds(part, features) for part in condition.parts)
        case AnyOf():
            return any(holds(part, features) for part in condition.parts)
        case Not():
            return not holds(condition.part, features)
        case IsKnown():
            return bool(features.get(condition.feature, ()) not in ((), ""))
        case TextIs():
            value = features.get(condition.feature, ())
            return condition.text in ((value,) if isinstance(value, str) else value)
        case NumberIs():
            number: Any = features.get(condition.feature)
            if number is None:
                return False
            return {
                "=": number == condition.number,
                "<": number < condition.number,
                "<=": number <= condition.number,
                ">": number > condition.number,
                ">=": number >= condition.number,
            }[condition.comparator]
    raise AssertionError(condition)
