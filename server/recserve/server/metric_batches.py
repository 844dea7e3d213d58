"""Many changes of a metric in one go: each by itself takes as long as parsing a request."""

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any


class TurnCounter:
    """Counts on an event loop, and tells the metric once in each of its turns.

    Args:
        counter: A counter of prometheus_client, its labels given.
    """

    __slots__ = ("_counter", "_untold")

    def __init__(self, counter: Any) -> None:
        self._counter = counter
        self._untold = 0

    def inc(self, amount: int = 1) -> None:
        """Count."""
        if not self._untold:
            _soon(self._tell)
        self._untold += amount

    def _tell(self) -> None:
        amount, self._untold = self._untold, 0
        self._counter.inc(amount)


class TurnHistogram:
    """Observes on an event loop, and tells the metric once in each of its turns.

    Args:
        histogram: A histogram of prometheus_client, its labels given.
    """

    __slots__ = ("_histogram", "_untold")

    def __init__(self, histogram: Any) -> None:
        self._histogram = histogram
        self._untold: list[float] = []

    def observe(self, value: float) -> None:
        """Observe a value."""
        if not self._untold:
            _soon(self._tell)
        self._untold.append(value)

    def _tell(self) -> None:
        values, self._untold = self._untold, []
        observe_all(self._histogram, values)


def _soon(tell: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop has ended, and what it counted last with it
        asyncio.get_running_loop().call_soon(tell)


def observe_all(histogram: Any, values: Sequence[float]) -> None:
    """Observe several values.

    Like `Histogram.observe` for each, with its fields, because it takes but one at a time.

    Args:
        histogram: A histogram of prometheus_client, its labels given.
        values: Numbers, none of them NaN.
    """
    bounds, buckets, total = histogram._upper_bounds, histogram._buckets, histogram._sum  # noqa: SLF001  # see above
    for place, count in Counter([bisect_left(bounds, value) for value in values]).items():
        buckets[place].inc(count)
    total.inc(sum(values))
