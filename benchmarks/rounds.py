"""Interleaved rounds: what is compared is measured in turn, so that all see the same noise."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import median
from typing import TypeVar

from benchmarks import processor_time
from benchmarks.answers import milliseconds, per_second
from benchmarks.call import Call
from benchmarks.generator import ClosedLoop, LoadFailed, generate
from benchmarks.metrics_page import Counters
from benchmarks.server import Server

Found = TypeVar("Found")
PATIENCE_SECONDS = 5.0
CAPACITY_CALLS = 4000


@dataclass(frozen=True, slots=True)
class Sample:
    """One round of load on one server."""

    rate: float
    """Calls per second."""
    p50_ms: float
    p99_ms: float
    cpu_us: float
    """Processor time of all processes of the server, for one call, in microseconds."""


@dataclass(frozen=True, slots=True)
class Samples:
    """All rounds of one server, a column for each field of `Sample`."""

    rate: tuple[float, ...]
    p50_ms: tuple[float, ...]
    p99_ms: tuple[float, ...]
    cpu_us: tuple[float, ...]

    @classmethod
    def of(cls, rounds: Sequence[Sample]) -> "Samples":
        """Turn rows into columns."""
        names = [each.name for each in fields(Sample)]
        return cls(*(tuple(getattr(sample, name) for sample in rounds) for name in names))


def interleaved(
    measurements: Mapping[str, Callable[[], Found]], rounds: int
) -> dict[str, list[Found]]:
    """Take each measurement once a round; a first round is thrown away: it warms up."""
    found: dict[str, list[Found]] = {name: [] for name in measurements}
    for number in range(rounds + 1):
        for name, measure in measurements.items():
            value = measure()
            if number:
                found[name].append(value)
    return found


def sample(server: Server, call: Call, load: ClosedLoop) -> Sample:
    """Load a server once.

    Raises:
        LoadFailed: a call was not answered, or the product did not answer it from its model.
    """
    method = call.path.rpartition("/")[2]
    before = server.counters(method) if server.metrics_page else None
    processor = processor_time.tree_seconds(server.pid)
    answers = generate(server.address, call, load, same_size=before is None)
    processor = processor_time.tree_seconds(server.pid) - processor
    if before is not None:
        check_counters(lambda: server.counters(method).since(before), load.calls)
    return Sample(
        rate=per_second(answers),
        p50_ms=milliseconds(answers, 0.50),
        p99_ms=milliseconds(answers, 0.99),
        cpu_us=processor / load.calls * 1e6,
    )


def capacity_of(server: Server, call: Call, calls: int = CAPACITY_CALLS) -> float:
    """Calls a second that the product answers with 64 in flight: the median of three loads."""
    load = ClosedLoop(64, calls)
    return median(sample(server, call, load).rate for _ in range(3))


def check_counters(
    counted: Callable[[], Counters], calls: int, patience: float = PATIENCE_SECONDS
) -> None:
    """Hold the calls against the server's own count, because h2load cannot see gRPC's status.

    Raises:
        LoadFailed: the server counted anything else than so many calls that ended with OK, or
            answered one with a fallback.
    """
    deadline = time.monotonic() + patience
    while (found := counted()) != Counters({"OK": calls}, 0):
        if time.monotonic() > deadline or found.failed or found.fallbacks:
            raise LoadFailed(f"of {calls} calls the server counted {found}")
        time.sleep(0.05)  # it may publish its counters a moment after its answers


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> tuple[float, ...]:
    """Round by round."""
    return tuple(a / b for a, b in zip(numerators, denominators, strict=True))
