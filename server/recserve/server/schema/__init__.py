"""The declared event types and features of a deployment."""

from recserve.server.schema.declared import (
    EVENT_TYPE_NAME,
    DeclaredEventType,
    DeclaredFeature,
    DeclaredSchema,
    FeatureList,
    feature_list,
)
from recserve.server.schema.loading import declare, load_schema, schema_from_json
from recserve.server.schema.values import LATEST_SECONDS, SECONDS_PER_DAY, Features, FeatureValue

__all__ = [
    "EVENT_TYPE_NAME",
    "LATEST_SECONDS",
    "SECONDS_PER_DAY",
    "DeclaredEventType",
    "DeclaredFeature",
    "DeclaredSchema",
    "FeatureList",
    "FeatureValue",
    "Features",
    "declare",
    "feature_list",
    "load_schema",
    "schema_from_json",
]
