"""Futures of other threads that are resolved on the event loop's thread."""

import asyncio
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def resolved_here(future: "Future[T]") -> T:
    """Waits for a future that this event loop's thread resolves, and for no other.

    `asyncio.wrap_future` serves any thread, and therefore wakes the loop for each future.
    Being cancelled cancels the future.
    """
    waiter = asyncio.get_running_loop().create_future()

    def wake(_: "Future[T]") -> None:
        if not waiter.done():
            waiter.set_result(None)

    future.add_done_callback(wake)
    try:
        await waiter
    except asyncio.CancelledError:
        future.cancel()
        raise
    return future.result()
