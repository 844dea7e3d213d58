"""An event loop whose time passes only while it waits, and then at once."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

from recserve.client import Clock


class _Jump(selectors.SelectSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None, "nothing will ever happen"
        self.now += max(timeout, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now


def run(work: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


def clock() -> Clock:
    return Clock(monotonic=lambda: asyncio.get_running_loop().time(), async_sleep=asyncio.sleep)
