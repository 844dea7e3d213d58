"""Counts what engines answer, version by version."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from recserve.server.reading import Reading

LATEST = 2_000
"""Answers whose times are kept: sorting them must not hold up the event loop."""


@dataclass(slots=True)
class _Tally:
    asked: int = 0
    failed: int = 0
    seconds: deque[float] = field(default_factory=lambda: deque(maxlen=LATEST))


class Readings:
    """What has been seen since it was last taken. For one event loop."""

    def __init__(self) -> None:
        self._tallies: defaultdict[int, _Tally] = defaultdict(_Tally)

    def answered(self, version: int, seconds: float) -> None:
        """An engine has answered."""
        tally = self._tallies[version]
        tally.asked += 1
        tally.seconds.append(seconds)

    def failed(self, version: int) -> None:
        """An engine could not answer, or was not there."""
        tally = self._tallies[version]
        tally.asked += 1
        tally.failed += 1

    def take(self) -> dict[int, Reading]:
        """Give a reading of each version that was asked, and begin anew."""
        tallies = self._tallies.items()
        self._tallies = defaultdict(_Tally)
        return {
            version: Reading(tally.asked, tally.failed, _p99(tally.seconds))
            for version, tally in tallies
        }


def _p99(seconds: deque[float]) -> float:
    ordered = sorted(seconds)
    return ordered[(len(ordered) * 99) // 100] if ordered else 0.0
