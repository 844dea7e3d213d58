"""What a generator logs of each call, and what follows from it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

OK = 200
"""Status of an answered call, as HTTP has it; h2load cannot see gRPC's own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One call that has ended."""

    start: float
    """When it was sent, in seconds since 1970."""
    status: int
    """200; or else the HTTP status, the gRPC code, or -1 for a stream that broke."""
    seconds: float
    """Until the end of the answer."""

    @property
    def end(self) -> float:
        """When the answer had come, in seconds since 1970."""
        return self.start + self.seconds


def parse_log(text: str) -> list[Answer]:
    """Read the log of h2load, or of our own generator: start and duration in microseconds.

    A last line that is cut off, because the generator was stopped, is left out.
    """
    lines = text.splitlines()
    if text and not text.endswith("\n"):
        lines.pop()
    fields = (line.split("\t") for line in lines)
    return [
        Answer(int(start) / 1e6, int(status), int(us) / 1e6) for start, status, us, *_ in fields
    ]


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of the values do not exceed; NaN for none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def milliseconds(answers: Iterable[Answer], share: float) -> float:
    """A percentile of the durations."""
    return percentile((answer.seconds for answer in answers), share) * 1000


def per_second(answers: Sequence[Answer]) -> float:
    """Calls a second from the first start to the last end."""
    begin = min(answer.start for answer in answers)
    return len(answers) / (max(answer.end for answer in answers) - begin)
