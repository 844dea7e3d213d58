"""When the calls of an open load are due."""

from collections.abc import Iterator
from random import Random


def poisson_arrivals(rate: float, seconds: float, chance: Random) -> Iterator[float]:
    """Arrivals of a Poisson process: the gaps are independent and exponential.

    Args:
        rate: Mean arrivals per second, above 0.
        seconds: How long.
        chance: Where the gaps are drawn from; the same seed gives the same arrivals.

    Yields:
        Seconds since the beginning, ascending, each below `seconds`.
    """
    arrival = chance.expovariate(rate)
    while arrival < seconds:
        yield arrival
        arrival += chance.expovariate(rate)
