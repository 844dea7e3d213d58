"""Retention: events that are too old are compacted to what must not be forgotten."""

from recserve.server.retention.compaction import EVENT_ID_DAYS, Compacted, Compaction
from recserve.server.retention.keeping import Retention

__all__ = ["EVENT_ID_DAYS", "Compacted", "Compaction", "Retention"]
