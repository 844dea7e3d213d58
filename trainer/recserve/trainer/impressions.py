"""Impressions: what a user was shown says nothing of what the user wants.

A server leaves them out of profiles, so a model of histories must not learn from histories that
have them; nor is an item seen because it was shown, or no click could ever be an answer to learn
from. A pointwise model reads rows, and what was shown without success is a negative row.
"""

import numpy as np

from recserve.trainer.tables import Bools, Events
from recserve.v1 import schema_pb2


def are_wishes(events: Events, schema: schema_pb2.Schema) -> Bools:
    """Which events are no impressions, bool `[n]`."""
    types = schema.event_types
    shown = [each.polarity == schema_pb2.POLARITY_IMPRESSION for each in types]
    kept: Bools = ~np.array(shown or [False])[events.type]
    return kept


def left_out(events: Events, schema: schema_pb2.Schema) -> Events:
    """The events that are no impressions, in their order."""
    kept = are_wishes(events, schema)
    return events if kept.all() else events.take(kept)
