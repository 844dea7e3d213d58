"""A closed loop of callers over the plain generated stub: our SDK stays out of the figures."""

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc.aio

from recserve.v1 import recommender_pb2_grpc

Request = Any
WARM_UP_CALLS = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """What one round of load measured."""

    rate: float
    """Calls per second."""
    median_ms: float
    p99_ms: float


def measure(
    address: str, method: str, request: Callable[[int], Request], in_flight: int, calls: int
) -> Sample:
    """Call a method `calls` times, with so many calls in flight at any time."""
    return asyncio.run(_measure(address, method, request, in_flight, calls))


async def _measure(
    address: str, method: str, request: Callable[[int], Request], in_flight: int, calls: int
) -> Sample:
    async with grpc.aio.insecure_channel(address) as channel:
        call = getattr(recommender_pb2_grpc.RecommenderServiceStub(channel), method)
        await _run(call, request, in_flight, WARM_UP_CALLS)
        start = time.perf_counter()
        seconds = await _run(call, request, in_flight, calls)
        elapsed = time.perf_counter() - start
    cuts = statistics.quantiles(seconds, n=100)
    return Sample(len(seconds) / elapsed, cuts[49] * 1000, cuts[98] * 1000)


async def _run(call: Any, request: Callable[[int], Request], in_flight: int, calls: int) -> Any:
    seconds: list[float] = []
    numbers = iter(range(calls))

    async def caller() -> None:
        for number in numbers:
            message = request(number)
            start = time.perf_counter()
            await call(message, timeout=30)
            seconds.append(time.perf_counter() - start)

    await asyncio.gather(*(caller() for _ in range(in_flight)))
    return seconds
