"""The schema by which events are judged now."""

from recserve.server.schema import DeclaredSchema

MAX_OPEN_LABELS = 64
OTHER = "other"


class CurrentSchema:
    """Holds the schema; the stable version's replaces one that no operator fixed.

    Args:
        schema: The schema to begin with.
        fixed: Whether the operator gave it, so that no version replaces it.
    """

    def __init__(self, schema: DeclaredSchema, *, fixed: bool) -> None:
        self.current = schema
        self._fixed = fixed
        self._labels: set[str] = set()

    def follow(self, schema: DeclaredSchema) -> bool:
        """Take over a version's schema; return whether that changed anything."""
        if self._fixed or schema.digest == self.current.digest:
            return False
        self.current = schema
        return True

    def metric_label(self, event_type: str) -> str:
        """The event type as a metric's label: an open schema must not make endless series."""
        declared = self.current.event_type_index(event_type) is not None
        if declared or not self.current.is_open or event_type in self._labels:
            return event_type
        if len(self._labels) >= MAX_OPEN_LABELS:
            return OTHER
        self._labels.add(event_type)
        return event_type
