"""Counts and times the calls of a method."""

import asyncio
import time
from types import TracebackType
from typing import Any

import grpc
import grpc.aio

from recserve.server import metrics
from recserve.server.front_end.calls.statuses import status_code
from recserve.server.metric_batches import TurnCounter, TurnHistogram

_NAMES = {key: code.name for code in grpc.StatusCode for key in (code, code.value[0])}


class MeasuredMethod:
    """The metrics of one method, by its full name "/package.Service/Method".

    For one event loop.
    """

    def __init__(self, method: str) -> None:
        _, service, name = method.split("/")
        self._names = (service, name)
        self.started = TurnCounter(metrics.STARTED.labels(*self._names))
        self.seconds = TurnHistogram(metrics.HANDLING_SECONDS.labels(*self._names))
        self._handled: dict[str, TurnCounter] = {}

    def call(self, context: Any) -> "MeasuredCall":
        """Measure the body of a `with` as one call."""
        return MeasuredCall(self, context)

    def handled(self, code: str) -> None:
        """Count the end of a call."""
        if code not in self._handled:
            self._handled[code] = TurnCounter(metrics.HANDLED.labels(*self._names, code))
        self._handled[code].inc()


class MeasuredCall:
    """One call under measurement."""

    __slots__ = ("_context", "_method", "_start")

    def __init__(self, method: MeasuredMethod, context: Any) -> None:
        self._method = method
        self._context = context
        self._start = time.perf_counter()

    def __enter__(self) -> None:
        self._method.started.inc()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._method.seconds.observe(time.perf_counter() - self._start)
        if error is None:
            self._method.handled("OK")
        elif isinstance(error, (asyncio.CancelledError, GeneratorExit)):
            self._method.handled("CANCELLED")
        elif isinstance(error, grpc.aio.AbortError):
            self._method.handled(_NAMES[self._context.code()])
        else:
            self._method.handled(status_code(error).name)
