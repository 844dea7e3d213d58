"""What the calls of one step met."""

from array import array
from collections import Counter
from dataclasses import dataclass, field

from recserve.client.load.outcome import OK, Outcome


def _seconds() -> "array[float]":
    return array("d")


@dataclass(slots=True)
class Recorder:
    """Keeps what was measured in a window of time: calls that were due in it count.

    Times are seconds of one monotonic clock.
    """

    start: float
    """When the warm-up ends and the window begins."""
    end: float
    """When the window ends."""
    latencies: "array[float]" = field(default_factory=_seconds)
    """Of each OK answer: from when its call was due to when it was there."""
    lateness: "array[float]" = field(default_factory=_seconds)
    """Of each call that was sent: from when it was due to when it was sent."""
    codes: "Counter[str]" = field(default_factory=Counter)
    """Calls that ended, by gRPC status code."""
    fallbacks: "Counter[str]" = field(default_factory=Counter)
    """OK answers that are simpler ones, by their cause."""
    unsent: int = 0
    """Calls whose deadline had passed before a place in flight was free."""
    answered: int = 0
    """OK answers that came within the window, to calls of the warm-up too."""

    def ended(self, *, due: float, sent: float, now: float, outcome: Outcome) -> None:
        """A call ended now."""
        if outcome.code == OK and self.start <= now < self.end:
            self.answered += 1
        if not self._counts(due):
            return
        self.codes[outcome.code] += 1
        self.lateness.append(sent - due)
        if outcome.code == OK:
            self.latencies.append(now - due)
            if outcome.fallback:
                self.fallbacks[outcome.fallback] += 1

    def missed(self, due: float) -> None:
        """A call could not be sent in time."""
        if self._counts(due):
            self.unsent += 1

    def stop(self, now: float) -> None:
        """Ends the window early, if it is not over."""
        self.end = max(self.start, min(self.end, now))

    @property
    def seconds(self) -> float:
        """How long the window is."""
        return self.end - self.start

    @property
    def rate(self) -> float:
        """OK answers per second of the window; 0 if it has no length."""
        return self.answered / self.seconds if self.seconds else 0.0

    @property
    def calls(self) -> int:
        """Calls that were due in the window and have ended, or could not be sent."""
        return self.codes.total() + self.unsent

    def _counts(self, due: float) -> bool:
        return self.start <= due < self.end
