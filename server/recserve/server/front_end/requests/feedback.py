"""From a FeedbackRequest to checked events."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recserve.server.events import Event, EventIds
from recserve.server.front_end.requests.checks import Checks, are_plain
from recserve.server.front_end.requests.features import read_features
from recserve.server.recommending.recommendation_id import (
    InvalidRecommendationId,
    RecommendationId,
    RecommendationIds,
)
from recserve.server.schema import DeclaredSchema
from recserve.v1 import recommender_pb2

MAX_EVENTS = 1000
MAX_EVENT_ID_BYTES = 128
MAX_AHEAD_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """An event, and the answer that led to it, if it names one."""

    event: Event
    answer: RecommendationId | None


class FeedbackReader:
    """Reads the events of requests.

    Args:
        ids: Reads recommendation ids.
        clock: Gives seconds since the Unix epoch.
    """

    def __init__(self, ids: RecommendationIds, clock: Callable[[], float]) -> None:
        self._ids = ids
        self._clock = clock
        self._event_ids = EventIds()

    def read(
        self, request: recommender_pb2.FeedbackRequest, schema: DeclaredSchema
    ) -> list[ReadEvent]:
        """Check every event.

        Raises:
            InvalidRequest: with a violation for each bad field of each event.
        """
        checks = Checks()
        count = len(request.events)
        within = 1 <= count <= MAX_EVENTS
        if not checks.require(within, "events", f"must hold 1 to {MAX_EVENTS} events"):
            checks.raise_if_any()
        now = self._clock()
        found = list(request.events)
        _check_ids(found, checks)
        types = {name for name in {each.event_type for each in found} if schema.accepts(name)}
        new_ids = iter(self._event_ids.new(now, sum(not each.event_id for each in found)))
        events = []
        for place, event in enumerate(found):
            if event.event_type not in types:
                checks.refuse(f"events[{place}].event_type", _allowed(schema))
            event_id = event.event_id or next(new_ids)
            events.append(self._read(event, event_id, f"events[{place}]", schema, now, checks))
        checks.raise_if_any()
        return events

    def _read(
        self,
        event: recommender_pb2.Event,
        event_id: str,
        at: str,
        schema: DeclaredSchema,
        now: float,
        checks: Checks,
    ) -> ReadEvent:
        value = event.value if event.HasField("value") else None
        if value is not None and not math.isfinite(value):
            checks.refuse(f"{at}.value", "must be finite")
        context = read_features(event.context, schema.context, f"{at}.context", checks)
        answer = self._answer(event.recommendation_id, f"{at}.recommendation_id", checks)
        time = self._time(event, f"{at}.event_time", now, checks)
        read = Event(
            event_id=event_id,
            user_id=event.user_id,
            item_id=event.item_id,
            event_type=event.event_type,
            value=value,
            time=time,
            recommendation_id=event.recommendation_id,
            context=context,
        )
        return ReadEvent(read, answer)

    def _answer(self, text: str, field: str, checks: Checks) -> RecommendationId | None:
        if not text:
            return None
        try:
            return self._ids.read(text)
        except InvalidRecommendationId:
            checks.refuse(field, "must be a recommendation_id that this deployment gave out")
            return None

    @staticmethod
    def _time(event: recommender_pb2.Event, field: str, now: float, checks: Checks) -> float:
        if not event.HasField("event_time"):
            return now
        stamp = event.event_time
        seconds: float = stamp.seconds + stamp.nanos / 1e9
        valid = 0 <= stamp.nanos < 1_000_000_000 and 0 <= seconds <= now + MAX_AHEAD_SECONDS
        checks.require(valid, field, "must be from 1970 to at most one day ahead")
        return seconds


def _check_ids(events: Sequence[recommender_pb2.Event], checks: Checks) -> None:
    """Check all at a glance, since nearly all are good; else each has to be looked at."""
    named = [each.event_id for each in events if each.event_id]
    ids = [*(each.user_id for each in events), *(each.item_id for each in events)]
    if are_plain(ids) and (not named or are_plain(named)):
        return
    for place, event in enumerate(events):
        at = f"events[{place}]"
        checks.text(event.event_id, f"{at}.event_id", MAX_EVENT_ID_BYTES)
        checks.identifier(event.user_id, f"{at}.user_id")
        checks.identifier(event.item_id, f"{at}.item_id")


def _allowed(schema: DeclaredSchema) -> str:
    if schema.is_open:
        return "must be a lower-case name of letters, digits and underscores, such as click"
    names = [each.name for each in schema.event_types]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"must be one of the schema's event types: {', '.join(names[:10])}{more}"
