"""Runs one load after the other against a server."""

import asyncio
import contextlib
import selectors
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from time import process_time
from typing import Any, Protocol, cast

import grpc

from recserve.client.load.arrivals import poisson_arrivals
from recserve.client.load.loads import ClosedLoad, Load
from recserve.client.load.loops import closed_loop, open_loop
from recserve.client.load.recorder import Recorder
from recserve.client.load.remote_call import Method, RemoteCall, Request
from recserve.client.session import Session
from recserve.client.wire.channels import asyncio_channel
from recserve.client.wire.stubs import Stubs

_TICK_SECONDS = 0.25
_CHECK_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to run."""

    loads: Sequence[Load]
    """One after the other."""
    duration: float
    """Seconds that are measured of each."""
    warm_up: float
    """Seconds of each before these."""
    deadline: float
    """Seconds for each call."""
    most_in_flight: int
    """Most calls in flight of an open load."""
    connections: int
    """Connections that the calls go to in turn."""
    seed: int
    """Of the arrivals."""


@dataclass(slots=True)
class Step:
    """A load that runs or has run."""

    load: Load
    recorder: Recorder
    cores: float = 0.0
    """Processor time that the generator took, warm-up included, per second: 1 is a whole core."""


class Watcher(Protocol):
    """Is told how far the generator is."""

    def begin(self, step: Step) -> None:
        """A step begins."""

    def tick(self, step: Step, now: float) -> None:
        """Some time has passed; it is now `now` on the recorder's clock."""

    def end(self, step: Step) -> None:
        """A step has ended."""


class Generator:
    """Runs a plan.

    Args:
        session: The server, and how to talk to it.
        plan: What to run.
        method: Which method, as an attribute of the stubs.
        next_request: Gives the request of the next call.
        watcher: Is told how far it is.
    """

    def __init__(
        self,
        session: Session,
        plan: Plan,
        method: Callable[[Stubs], Any],
        next_request: Callable[[], Request],
        watcher: Watcher,
    ) -> None:
        self._session = session
        self._plan = plan
        self._method = method
        self._next_request = next_request
        self._watcher = watcher
        self._clock = session.clock
        self.steps: list[Step] = []
        """What has run so far; after `KeyboardInterrupt` too."""

    def run(self) -> None:
        """Runs the plan to its end.

        Raises:
            RecserveError: The server is not there, or refuses such requests.
            KeyboardInterrupt: It was interrupted; `steps` holds what was measured.
        """
        with asyncio.Runner(loop_factory=_precise_loop) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            methods: list[Method] = []
            for _ in range(self._plan.connections):
                channel = await stack.enter_async_context(asyncio_channel(self._session))
                methods.append(self._method(Stubs(cast("grpc.Channel", channel))))
            call = RemoteCall(methods, self._next_request, self._session)
            await call.check(_CHECK_SECONDS)
            for load in self._plan.loads:
                with self._step(load) as recorder:
                    await self._apply(load, call, recorder)

    @contextlib.contextmanager
    def _step(self, load: Load) -> Iterator[Recorder]:
        begin, cpu_begin = self._clock.monotonic(), process_time()
        start = begin + self._plan.warm_up
        step = Step(load, Recorder(start, start + self._plan.duration))
        self.steps.append(step)
        self._watcher.begin(step)
        ticking = asyncio.create_task(self._tick(step))
        try:
            yield step.recorder
        finally:
            ticking.cancel()
            now = self._clock.monotonic()
            step.recorder.stop(now)
            step.cores = (process_time() - cpu_begin) / max(now - begin, 1e-9)
        self._watcher.end(step)

    async def _tick(self, step: Step) -> None:
        while True:
            self._watcher.tick(step, self._clock.monotonic())
            await self._clock.async_sleep(_TICK_SECONDS)

    async def _apply(self, load: Load, call: RemoteCall, recorder: Recorder) -> None:
        plan = self._plan
        if isinstance(load, ClosedLoad):
            await closed_loop(
                call,
                load.in_flight,
                deadline=plan.deadline,
                recorder=recorder,
                clock=self._clock,
            )
            return
        chance = Random(plan.seed)  # noqa: S311 - arrivals are no secret
        begin = recorder.start - plan.warm_up
        arrivals = poisson_arrivals(load.rate, plan.warm_up + plan.duration, chance)
        await open_loop(
            call,
            (begin + arrival for arrival in arrivals),
            most_in_flight=plan.most_in_flight,
            deadline=plan.deadline,
            recorder=recorder,
            clock=self._clock,
        )


def _precise_loop() -> asyncio.AbstractEventLoop:
    """An event loop whose timers are exact to microseconds.

    The default one waits in epoll, which counts milliseconds and rounds them up: half a
    millisecond on average, which would be in the latency of each call of an open load.
    """
    return asyncio.SelectorEventLoop(selectors.SelectSelector())
