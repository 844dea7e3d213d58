"""A span of the clock, and the calls that fell into it."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.answers import Answer


@dataclass(frozen=True, slots=True)
class Window:
    """A span of the clock, in seconds since 1970."""

    begin: float
    end: float

    def touched(self, answers: Sequence[Answer]) -> list[Answer]:
        """The calls that were under way at some time within it."""
        return [each for each in answers if each.start < self.end and each.end > self.begin]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.begin
