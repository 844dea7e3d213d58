"""What a load showed, in figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recserve.client.load.loads import ClosedLoad, Load, OpenLoad
from recserve.client.load.percentiles import percentile
from recserve.client.load.recorder import Recorder


@dataclass(frozen=True, slots=True)
class LatencyMs:
    """How long OK answers took, in milliseconds: percentiles by the nearest rank."""

    p50: float
    p90: float
    p99: float
    p99_9: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """One load, measured."""

    in_flight: int | None
    """Callers of a closed load; None for an open one."""
    offered_rate: float | None
    """Mean arrivals per second of an open load; None for a closed one."""
    seconds: float
    """How long was measured, without the warm-up."""
    calls: int
    """Calls that were due in this time, the unsent included."""
    rate: float
    """OK answers per second of this time."""
    latency_ms: LatencyMs | None
    """Of the OK answers; None if there was none. Of an open load it counts from when a call
    was due."""
    outcomes: Mapping[str, int]
    """Calls that ended, by gRPC status code, the most frequent first."""
    fallbacks: Mapping[str, int]
    """OK answers that are simpler ones, by their cause, the most frequent first."""
    unsent: int
    """Calls whose deadline had passed before a place in flight was free."""
    late_p99_ms: float | None
    """How late the calls of an open load were sent, the 99th percentile: it is part of their
    latency. None for a closed load, and if none was sent."""
    generator_cores: float
    """Processor time that the generator took per second. Near 1 it is the limit, not the
    server: one process of Python uses little more than one core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchReport:
    """Every load, measured."""

    server: str
    method: str
    """"Recommend" or "Feedback"."""
    interrupted: bool
    """Whether it was stopped before its end."""
    steps: Sequence[StepReport]


def step_report(load: Load, recorder: Recorder, generator_cores: float) -> StepReport:
    """The figures of what was recorded of a load."""
    late = sorted(recorder.lateness) if isinstance(load, OpenLoad) else []
    return StepReport(
        in_flight=load.in_flight if isinstance(load, ClosedLoad) else None,
        offered_rate=load.rate if isinstance(load, OpenLoad) else None,
        seconds=recorder.seconds,
        calls=recorder.calls,
        rate=recorder.rate,
        latency_ms=_latency_ms(sorted(recorder.latencies)),
        outcomes=dict(recorder.codes.most_common()),
        fallbacks=dict(recorder.fallbacks.most_common()),
        unsent=recorder.unsent,
        late_p99_ms=percentile(late, 0.99) * 1000 if late else None,
        generator_cores=generator_cores,
    )


def _latency_ms(ascending: Sequence[float]) -> LatencyMs | None:
    if not ascending:
        return None
    fractions = (0.5, 0.9, 0.99, 0.999, 1.0)
    return LatencyMs(*(percentile(ascending, fraction) * 1000 for fraction in fractions))
