"""The declared event types and features of a deployment."""

from recserve.server.schema.declared import (
    EVENT_TYPE_NAME,
    DeclaredEventType,
    DeclaredFeature,
    DeclaredSchema,
    FeatureList,
)
from recserve.server.schema.loading import declare, load_schema, schema_from_json
from recserve.server.schema.values import Features, FeatureValue

__all__ = [
    "EVENT_TYPE_NAME",
    "DeclaredEventType",
    "DeclaredFeature",
    "DeclaredSchema",
    "FeatureList",
    "FeatureValue",
    "Features",
    "declare",
    "load_schema",
    "schema_from_json",
]
