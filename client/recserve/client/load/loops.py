"""The closed and the open loop."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from recserve.client.clock import Clock
from recserve.client.load.outcome import Outcome
from recserve.client.load.recorder import Recorder

Call: TypeAlias = Callable[[float], Awaitable[Outcome]]
"""Makes one call, with so many seconds until its deadline."""


async def closed_loop(
    call: Call, in_flight: int, *, deadline: float, recorder: Recorder, clock: Clock
) -> None:
    """Keeps so many calls in flight until the recorder's window ends, and awaits the last.

    Args:
        call: Makes one call.
        in_flight: How many callers there are, at least 1.
        deadline: Seconds for each call.
        recorder: Keeps what they meet.
        clock: Time.
    """

    async def caller() -> None:
        while (start := clock.monotonic()) < recorder.end:
            outcome = await call(deadline)
            recorder.ended(due=start, sent=start, now=clock.monotonic(), outcome=outcome)

    async with asyncio.TaskGroup() as callers:
        for _ in range(in_flight):
            callers.create_task(caller())


async def open_loop(
    call: Call,
    due_times: Iterable[float],
    *,
    most_in_flight: int,
    deadline: float,
    recorder: Recorder,
    clock: Clock,
) -> None:
    """Makes a call whenever one is due, answered or not what went before; awaits the last.

    Latency and deadline of a call count from when it is due, even where it has to wait for a place
    in flight: that is what a caller of a slow server would see. A call whose deadline passes while
    it waits is not sent.

    Args:
        call: Makes one call.
        due_times: When calls are due on the clock, ascending.
        most_in_flight: Places in flight, at least 1.
        deadline: Seconds for each call.
        recorder: Keeps what they meet.
        clock: Time and waiting.
    """
    places = asyncio.Semaphore(most_in_flight)

    async def caller(due: float) -> None:
        try:
            sent = clock.monotonic()
            left = due + deadline - sent
            if left <= 0:
                recorder.missed(due)
                return
            outcome = await call(left)
            recorder.ended(due=due, sent=sent, now=clock.monotonic(), outcome=outcome)
        finally:
            places.release()

    async with asyncio.TaskGroup() as callers:
        for due in due_times:
            wait = due - clock.monotonic()
            if wait > 0:
                await clock.async_sleep(wait)
            await places.acquire()
            callers.create_task(caller(due))
