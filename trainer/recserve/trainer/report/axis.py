"""An axis of a plot: from values to pixels, with ticks at round values."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

ROUND_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Tick:
    """A marked value."""

    at: float
    """Its place, in pixels."""
    text: str


@dataclass(frozen=True)
class Axis:
    """A linear axis.

    Args:
        low: The least value.
        high: The greatest, above `low`.
        start: Where `low` stands, in pixels.
        end: Where `high` stands, in pixels; below `start` for an axis that goes up.
        step: The distance between ticks, as a value.
    """

    low: float
    high: float
    start: float
    end: float
    step: float

    @classmethod
    def around(
        cls,
        values: Iterable[float],
        start: float,
        end: float,
        *,
        most_ticks: int = 5,
        least_step: float = 0.0,
    ) -> Axis:
        """An axis from and to round values that has room for all of these.

        Args:
            values: Those that are finite count.
            start: The place of the low end, in pixels.
            end: The place of the high end, in pixels.
            most_ticks: How many steps it has, about.
            least_step: The least distance between ticks, such as 1 for whole numbers.
        """
        finite = [value for value in values if math.isfinite(value)] or [0.0]
        low, high = min(finite), max(finite)
        if low == high:
            low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
        step = max(least_step, _round_step((high - low) / most_ticks))
        # A hair of tolerance, so that 0.30000000000000004 needs no tick of its own.
        low = math.floor(low / step + 1e-9) * step
        high = math.ceil(high / step - 1e-9) * step
        return cls(low, high, start, end, step)

    def at(self, value: float) -> float:
        """The place of a value in pixels, to a tenth."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    @property
    def ticks(self) -> list[Tick]:
        """A tick at each step, with as many decimals as the step needs."""
        count = round((self.high - self.low) / self.step)
        decimals = max(0, -math.floor(math.log10(self.step) + 1e-9))
        if not math.isclose(round(self.step, decimals), self.step, rel_tol=1e-6):
            decimals += 1  # a step of 2.5
        values = (self.low + index * self.step for index in range(count + 1))
        return [Tick(self.at(value), f"{value + 0.0:,.{decimals}f}") for value in values]


def _round_step(least: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(least))
    return next(step * magnitude for step in ROUND_STEPS if step * magnitude >= least * (1 - 1e-9))
