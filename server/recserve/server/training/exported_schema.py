"""The schema of an export: what the log's schema says, in the words of the canonical files."""

from collections.abc import Collection

from recserve.server.schema import DeclaredSchema
from recserve.server.schema.checking import MAX_EVENT_TYPES
from recserve.v1 import schema_pb2

_OWN = ("user_id", "item_id", "event_type", "value", "timestamp")
_PREFIX = "feature_"


def column_of(feature: str) -> str:
    """The column of a feature: its name, unless that is one of the canonical columns."""
    return _PREFIX + feature if feature in _OWN or feature.startswith(_PREFIX) else feature


def exported_schema(schema: DeclaredSchema, found_types: Collection[str]) -> schema_pb2.Schema:
    """Write the schema of an export.

    Args:
        schema: That of the event log.
        found_types: The event types in the log, the most frequent first. An open schema learns
            those that it does not declare, as positives, as far as there is room. Empty: it stays
            as it is.
    """
    message = schema.message
    message.ClearField("source")
    if schema.message.source.timestamp_kind:
        message.source.timestamp_kind = schema.message.source.timestamp_kind
    for features in (
        message.user_features,
        message.item_features,
        message.context_features,
        message.candidate_features,
    ):
        for feature in features:
            column = column_of(feature.name)
            feature.column = "" if column == feature.name else column
            feature.ClearField("separator")
    if schema.is_open and found_types:
        known = {each.name for each in message.event_types}
        new = [name for name in found_types if name not in known]
        for name in new[: MAX_EVENT_TYPES - len(known)]:
            message.event_types.add(name=name)
        message.accepts_other_event_types = True
    return message
