"""From a TailEventsRequest to where and what to follow."""

from recserve.server.event_log.following import EventFilter
from recserve.server.front_end.requests.checks import MAX_ID_BYTES, Checks
from recserve.v1 import event_pb2

MAX_EVENT_TYPES = 100
MAX_NAME_BYTES = 63


def to_event_filter(request: event_pb2.TailEventsRequest) -> tuple[int | None, EventFilter]:
    """Check a request.

    Returns:
        The position to begin behind (None: the log's last), and which events are wanted.

    Raises:
        InvalidRequest: a field is bad; a violation for each.
    """
    checks = Checks()
    checks.require(request.after_position >= 0, "after_position", "must not be negative")
    types = frozenset(request.event_types)
    most = f"at most {MAX_EVENT_TYPES} types are allowed"
    if checks.require(len(request.event_types) <= MAX_EVENT_TYPES, "event_types", most):
        for place, name in enumerate(request.event_types):
            field = f"event_types[{place}]"
            checks.require(name != "", field, "must not be empty")
            checks.text(name, field, MAX_NAME_BYTES)
    checks.text(request.user_id, "user_id", MAX_ID_BYTES)
    checks.text(request.item_id, "item_id", MAX_ID_BYTES)
    checks.raise_if_any()
    after = request.after_position if request.HasField("after_position") else None
    return after, EventFilter(types, request.user_id, request.item_id)
