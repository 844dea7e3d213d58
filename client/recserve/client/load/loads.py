"""The two kinds of load."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ClosedLoad:
    """So many callers, each of which calls again as soon as it has its answer."""

    in_flight: int
    """Callers, and so calls in flight, at least 1."""

    def __str__(self) -> str:
        return f"{self.in_flight} in flight"


@dataclass(frozen=True, slots=True)
class OpenLoad:
    """Calls that arrive at random, whether or not earlier ones have been answered."""

    rate: float
    """Mean arrivals per second, above 0."""

    def __str__(self) -> str:
        return f"{self.rate:g} calls/s"


Load: TypeAlias = ClosedLoad | OpenLoad
