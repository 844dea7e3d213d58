"""How many calls may be under way before the next ones are refused at the door."""

from recserve.server import metrics
from recserve.server.errors import Overloaded
from recserve.server.front_end.calls.statuses import Status, status_of

LIMITED = (
    "/recserve.v1.RecommenderService/Recommend",
    "/recserve.v1.RecommenderService/SimilarItems",
)
"""Methods that need an engine. All others go on, however many of these come."""
CALLS_AT_WORK = 256
"""Calls that the front end itself may have under work, beside those that wait for an engine."""
RETRY_SECONDS = 0.2


class CallLimit:
    """Refuses calls before they are parsed: what is refused must cost next to nothing.

    Args:
        most: Most calls under way. Above it, calls of the limited methods are refused.
    """

    def __init__(self, most: int = 1024 + CALLS_AT_WORK) -> None:
        self._most = most
        reason = "TOO_MANY_CALLS"
        self._refusal = status_of(
            Overloaded(
                f"{most} calls are under way already; try again later, or add servers",
                retry_after_seconds=RETRY_SECONDS,
                reason=reason,
            )
        )
        self._shed = metrics.SHED.labels(reason.lower())
        code = self._refusal.code.name
        self._counters = {
            path: (metrics.STARTED.labels(*names), metrics.HANDLED.labels(*names, code))
            for path in LIMITED
            for names in [path.split("/")[1:]]
        }

    def refusal(self, path: str, under_way: int) -> Status | None:
        """How to end a call that would be one too many; None for a call that may go on."""
        if under_way < self._most or path not in self._counters:
            return None
        for counter in (*self._counters[path], self._shed):
            counter.inc()
        return self._refusal
