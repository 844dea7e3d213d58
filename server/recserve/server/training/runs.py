"""The training runs of a model, for those who start, follow and cancel them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from recserve.server import logs
from recserve.server.errors import (
    FailedPrecondition,
    NotFound,
    RecserveServerError,
    Unavailable,
)
from recserve.server.model_store import ModelStore
from recserve.server.schema import DeclaredSchema
from recserve.server.supervision import Supervision
from recserve.server.tracing import RunTracer
from recserve.server.training.order import order_of
from recserve.server.training.register import ENDED, Run, RunRegister, number_of
from recserve.server.training.report import TrainingReport, put_version
from recserve.v1 import training_pb2

RETRY_SECONDS = 5.0
KNOWN_SECONDS = 8.0
"""How long a run waits for what became of those before it."""
READ_SECONDS = 2.0
"""How long whoever reads waits for it; then the register's word has to do."""
CLOSE_SECONDS = 5.0
RENEWAL_SECONDS = 5.0
"""How often a server says that its run is at work, where servers share the register."""
FOREIGN_SECONDS = 1.0
"""How often whoever watches a run of another server is shown how it stands."""
CUT_OFF = "the server was stopped or killed while the run was at work"


class TrainingRuns:
    """Keeps the register in step with what the supervisor reports. For one event loop.

    Args:
        model: The name of the model.
        register: Where runs are kept.
        supervision: Runs them.
        store: Where they publish.
        clock: Gives seconds since the Unix epoch.
        renewal_seconds: How often leases are renewed, where servers share the register.
        tracer: Makes a span of each run; None: runs are not traced.
    """

    def __init__(
        self,
        *,
        model: str,
        register: RunRegister,
        supervision: Supervision,
        store: ModelStore,
        clock: Callable[[], float] = time.time,
        renewal_seconds: float = RENEWAL_SECONDS,
        tracer: RunTracer | None = None,
    ) -> None:
        self._model = model
        self._register = register
        self._supervision = supervision
        self._store = store
        self._clock = clock
        self._renewal_seconds = renewal_seconds
        self._tracer = tracer
        self._live: dict[int, Run] = {}
        """Runs that have not ended, as they stand now; the register may lag behind."""
        self._latest: TrainingReport | None = None
        self._heard = asyncio.Event()
        """Whether a report waits to be taken."""
        self._known = asyncio.Event()
        """Whether it is known what became of the runs that an earlier server left."""
        self._changed = asyncio.Event()  # replaced with every change
        self._starting = asyncio.Lock()
        self._draining = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._log = logs.get("training")
        self.on_ended: Callable[[], None] = lambda: None
        """Called when a run has ended."""

    def open(self) -> None:
        """Begin to take reports."""
        self._workers = [asyncio.create_task(self._work())]
        if self._register.is_shared:
            self._workers.append(asyncio.create_task(self._keep_leases()))

    def follow(self, report: TrainingReport | None) -> None:
        """Hear how the newest run since the server started stands; None: there was none."""
        self._latest = report
        self._heard.set()

    def drain(self) -> None:
        """Send watchers away: this server stops."""
        self._draining = True
        self._announce()

    async def close(self) -> None:
        """Write down what was heard last."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if self._heard.is_set():
            try:
                await asyncio.wait_for(self._take(self._latest), CLOSE_SECONDS)
            except (RecserveServerError, TimeoutError) as error:
                self._log.error("how the training ended is not written down", error=str(error))

    async def start(
        self,
        request: training_pb2.TrainRequest,
        schema: DeclaredSchema,
        stable: int | None,
        trigger: str = "",
    ) -> Run:
        """Start a run, or find the one that the same request started.

        Args:
            request: The request, checked.
            schema: Of the event log.
            stable: The version that is stable now.
            trigger: Why the server itself asks for it; empty if somebody else does.

        Raises:
            Aborted: another run is at work.
            Unavailable: the register cannot be written, or the server is stopping.
        """
        # Not undone halfway by a caller who leaves: a run that is registered is begun.
        return await self._whole(self._start(request, schema, stable, trigger))

    async def get(self, number: int) -> Run:
        """Return a run.

        Raises:
            NotFound: there is none of this number.
        """
        await self._is_known(READ_SECONDS)
        run = self._live.get(number)
        if run is None:
            run = await asyncio.to_thread(self._register.get, self._model, number)
        if run is None:
            raise NotFound(
                f"there is no training run {number} of model {self._model!r}",
                reason="TRAINING_RUN_NOT_FOUND",
                metadata={"training_run": str(number)},
            )
        return _copy(run)

    async def newest(self, before: int | None, limit: int) -> list[Run]:
        """Return runs, newest first: those with a number below `before`, if it is given."""
        await self._is_known(READ_SECONDS)
        runs = await asyncio.to_thread(self._register.newest, self._model, before, limit)
        return [_copy(self._live.get(number_of(run), run)) for run in runs]

    async def watch(self, number: int) -> AsyncIterator[Run]:
        """Give a run now and each time it has changed, until it has ended.

        Raises:
            NotFound: there is none of this number.
            Unavailable: the server is stopping.
        """
        told = None
        while True:
            changed = self._changed
            run = await self.get(number)
            if run != told:
                told = run
                yield run
            if run.state in ENDED:
                return
            if self._draining:
                raise Unavailable("the server is stopping; watch again", reason="DRAINING")
            await self._wait_for_change(number, changed)

    async def cancel(self, number: int) -> Run:
        """End a run, and return it as it ended.

        Raises:
            NotFound: there is none of this number.
            FailedPrecondition: it has ended otherwise.
        """
        run = await self.get(number)
        if run.state not in ENDED:
            async with self._starting:  # what is being started can be cancelled then
                await self._cancel(run)
            async for last in self.watch(number):
                run = last
        if run.state != training_pb2.TRAINING_RUN_STATE_CANCELLED:
            state = training_pb2.TrainingRunState.Name(run.state).rpartition("_")[2].lower()
            raise FailedPrecondition(
                f"training run {number} has {state} already",
                reason="TRAINING_RUN_ENDED",
                metadata={"training_run": run.name, "state": state},
            )
        return run

    async def _start(
        self,
        request: training_pb2.TrainRequest,
        schema: DeclaredSchema,
        stable: int | None,
        trigger: str,
    ) -> Run:
        if not await self._is_known(KNOWN_SECONDS):
            raise Unavailable(
                "what became of earlier training runs is not known yet; the server's log says why",
                reason="TRAINING_RUNS_UNKNOWN",
            )
        async with self._starting:
            run, is_new = await asyncio.to_thread(
                self._register.add, self._model, request, self._clock(), trigger
            )
            number = number_of(run)
            if not is_new:
                return await self.get(number)
            self._live[number] = run
            if self._tracer is not None:
                self._tracer.began(run.name)
            try:
                order = order_of(request, run.name, schema.to_json(), stable)
                await self._supervision.train(order)
            except Exception as error:
                await self._end(run, str(error))
                raise
            return _copy(self._live.get(number, run))

    async def _is_known(self, seconds: float) -> bool:
        """Whether it is known, within some seconds, what became of an earlier server's runs."""
        try:
            await asyncio.wait_for(self._known.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _cancel(self, run: Run) -> None:
        try:
            await self._supervision.cancel_training(run.name)
        except NotFound:
            if self._latest is None or self._latest.name != run.name:  # it never began
                await self._end(run, "", training_pb2.TRAINING_RUN_STATE_CANCELLED)

    async def _whole(self, work: Coroutine[Any, Any, Run]) -> Run:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _work(self) -> None:
        while True:
            await self._heard.wait()
            latest = self._latest
            try:
                await self._take(latest)
                if latest is self._latest:  # not before: whoever closes takes what was not taken
                    self._heard.clear()
            except RecserveServerError as error:
                self._log.warning("the register of trainings cannot be kept", error=error.message)
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                self._log.exception("a report of a training could not be taken")
                await asyncio.sleep(RETRY_SECONDS)

    async def _keep_leases(self) -> None:
        """Say from time to time that our run is at work, and look for those of lost servers."""
        while True:
            await asyncio.sleep(self._renewal_seconds)
            try:
                for number, run in list(self._live.items()):
                    if not await asyncio.to_thread(self._register.renew, number):
                        await self._give_up(number, run)
                if self._known.is_set():
                    await self._end_orphans("")
            except RecserveServerError as error:
                self._log.warning("the register of trainings cannot be kept", error=error.message)
            except Exception:
                self._log.exception("the register of trainings cannot be kept")

    async def _give_up(self, number: int, run: Run) -> None:
        """Another server has ended our run: on request, or since we were not heard of."""
        with contextlib.suppress(NotFound):
            await self._supervision.cancel_training(run.name)
        self._live.pop(number, None)
        self._announce()

    async def _wait_for_change(self, number: int, changed: asyncio.Event) -> None:
        """Wait until a run may have changed: one of another server is looked at anew."""
        is_foreign = self._register.is_shared and number not in self._live
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), FOREIGN_SECONDS if is_foreign else None)

    async def _take(self, report: TrainingReport | None) -> None:
        if not self._known.is_set():
            await self._end_orphans(report.name if report else "")
            self._known.set()
        if report is None:
            return
        number = number_of(report)
        before = self._live.get(number) or await asyncio.to_thread(
            self._register.get, self._model, number
        )
        if before is None or before.state in ENDED:
            return
        run = _copy(before)
        report.write_to(run)
        await self._keep(run, before)

    async def _keep(self, run: Run, before: Run) -> None:
        """Show a run, and write it down if there is something to remember."""
        told = run.state, run.progress.stage
        if told != (before.state, before.progress.stage):
            await asyncio.to_thread(self._register.put, run)
        if run.state in ENDED:
            self._live.pop(number_of(run), None)
            self._trace(run)
            self.on_ended()
        else:
            self._live[number_of(run)] = run
        self._announce()

    def _trace(self, run: Run) -> None:
        if self._tracer is None:
            return
        facts: dict[str, str | int] = {
            "state": training_pb2.TrainingRunState.Name(run.state).rpartition("_")[2].lower(),
            "model_version": run.model_version.version,
            "trigger": run.trigger,
        }
        start, end = run.create_time.ToNanoseconds(), run.end_time.ToNanoseconds()
        self._tracer.ended(run.name, start, end, run.error, facts)

    async def _end_orphans(self, at_work: str) -> None:
        """Say what became of runs whose server has ended. What counts is what is in the store."""
        for run in await asyncio.to_thread(self._register.orphaned, self._model):
            if run.name == at_work or number_of(run) in self._live:
                continue
            asked = run.create_time.seconds + run.create_time.nanos / 1e9
            made = await asyncio.to_thread(self._store.made_by, run.name, asked)
            if made is None:
                self._log.warning("training was cut off", run=run.name)
                await self._end(run, CUT_OFF)
            else:
                lineage = (await asyncio.to_thread(self._store.manifest, made)).lineage
                run.log_position = lineage.log_position  # who died may not have written it down
                await self._end(run, "", training_pb2.TRAINING_RUN_STATE_SUCCEEDED, made)

    async def _end(
        self,
        run: Run,
        error: str,
        state: training_pb2.TrainingRunState = training_pb2.TRAINING_RUN_STATE_FAILED,
        version: int = 0,
    ) -> None:
        ended = _copy(run)
        ended.state, ended.error = state, error
        ended.end_time.FromNanoseconds(int(self._clock() * 1e9))
        if version:
            put_version(ended, version)
        await self._keep(ended, run)

    def _announce(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _copy(run: Run) -> Run:
    copy = Run()
    copy.CopyFrom(run)
    return copy
