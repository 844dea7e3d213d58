"""Starts training runs by itself, as the schedule says."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from recserve.server import logs
from recserve.server.errors import Aborted, RecserveServerError
from recserve.server.event_log import EventLog
from recserve.server.events import LoggedEvent
from recserve.server.front_end.current_schema import CurrentSchema
from recserve.server.front_end.version_states import VersionStates
from recserve.server.labels import STABLE
from recserve.server.model_store import InvalidPins, InvalidVersion, ModelStore
from recserve.server.promotion import destination
from recserve.server.recommending.versions import ServedVersions
from recserve.server.training.drift import drift
from recserve.server.training.history import History, history_of
from recserve.server.training.order import PROMOTIONS
from recserve.server.training.runs import TrainingRuns
from recserve.server.training.schedule import (
    MIN_DRIFT_EVENTS,
    Schedule,
    Snapshot,
    Wanted,
    next_training,
)
from recserve.v1 import model_pb2, training_pb2

LOOK_SECONDS = 60.0
"""Between two looks: hours pass by themselves, and another server's run ends without a word."""
DRIFT_LOOK_SECONDS = 600.0
"""Between two looks at what new events are like: each reads up to `DRIFT_EVENTS` of them."""
DRIFT_EVENTS = 10_000
RUNS = 50
"""The newest runs, which the next one depends on."""
_NEVER = float("inf")


class AutomaticTraining:
    """Feeds the policy, and starts what it wants. Belongs to one event loop.

    Args:
        schedule: What the operator wants.
        runs: Starts runs, and knows those before.
        log: The event log.
        position: Gives the last log position.
        store: The versions.
        versions: Those that are served.
        states: What the supervisor says of each.
        schema: By which events are judged.
        clock: Gives seconds since the Unix epoch.
    """

    def __init__(
        self,
        schedule: Schedule,
        *,
        runs: TrainingRuns,
        log: EventLog,
        position: Callable[[], int],
        store: ModelStore,
        versions: ServedVersions,
        states: VersionStates,
        schema: CurrentSchema,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._schedule = schedule
        self._runs = runs
        self._event_log = log
        self._position = position
        self._store = store
        self._versions = versions
        self._states = states
        self._schema = schema
        self._clock = clock
        self._started = clock()
        self._wake = asyncio.Event()
        self._wake_position = _NEVER
        """An event at this position is worth a look."""
        self._drift: float | None = None
        self._drift_time = -_NEVER
        self._drift_from = 0
        """The log position behind which the drift was measured."""
        self._task: asyncio.Task[None] | None = None
        self._log = logs.get("automatic-training")

    def open(self) -> None:
        """Begin, if any rule is on."""
        if self._schedule.is_on:
            self._runs.on_ended = self.look_soon
            self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Start nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def saw(self, logged: Sequence[LoggedEvent]) -> None:
        """Hear of new events; a view of the log."""
        if logged[-1].position >= self._wake_position:
            self.look_soon()

    def look_soon(self) -> None:
        """Something has changed that a run may depend on."""
        self._wake.set()

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._look()
            except RecserveServerError as error:
                self._log.warning("no training is started for now", error=error.message)
            except Exception:
                self._log.exception("looking whether to train failed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)

    async def _look(self) -> None:
        self._wake_position = _NEVER  # else each event would ask the register
        history = history_of(await self._runs.newest(None, RUNS))
        stable = self._versions.stable
        snapshot = Snapshot(
            now=self._clock(),
            started=self._started,
            position=self._position(),
            history=history,
            has_stable=stable is not None,
        )
        snapshot = await self._with_drift(snapshot)
        wanted = next_training(self._schedule, snapshot)
        if wanted is not None:
            await self._start(wanted)
        elif self._schedule.every_events and not (history.is_at_work or history.failures):
            missing = self._schedule.every_events - snapshot.new_events
            self._wake_position = snapshot.position + missing
            if self._position() >= self._wake_position:  # they came while the drift was measured
                self.look_soon()

    async def _start(self, wanted: Wanted) -> None:
        stable = self._versions.stable
        if stable is None and await asyncio.to_thread(self._is_stable_awaited):
            return  # the run would be measured against nothing; `look_soon` is called then
        warm, full = model_pb2.TRAINING_MODE_WARM_START, model_pb2.TRAINING_MODE_FULL
        request = training_pb2.TrainRequest(
            mode=warm if wanted.warm_start else full,
            promotion=PROMOTIONS[self._schedule.promotion],
        )
        number = None if stable is None else stable.number
        try:
            run = await self._runs.start(request, self._schema.current, number, wanted.reason)
        except Aborted:  # somebody else was first, perhaps another server of the database
            return
        self._log.info("training by itself", run=run.name, reason=wanted.reason)

    async def _with_drift(self, snapshot: Snapshot) -> Snapshot:
        """Measure the drift, if it is wanted and has not been measured just now."""
        history = snapshot.history
        if not self._schedule.on_drift or history.is_at_work:
            return snapshot
        if self._drift_from != history.learned_position:
            self._drift, self._drift_time = None, -_NEVER
        if (
            snapshot.new_events >= MIN_DRIFT_EVENTS
            and snapshot.now - self._drift_time >= DRIFT_LOOK_SECONDS
        ):
            self._drift_from, self._drift_time = history.learned_position, snapshot.now
            self._drift = await asyncio.to_thread(self._measure, history, snapshot.position)
        return replace(snapshot, drift=self._drift)

    def _measure(self, history: History, position: int) -> float | None:
        try:
            manifest = self._store.manifest(history.learned_version)
        except InvalidVersion:  # there is none, or it was deleted
            return None
        begin = max(history.learned_position, position - DRIFT_EVENTS)
        newest = self._event_log.after(begin, DRIFT_EVENTS)
        return drift(manifest.cleaning.summary, [each.event for each in newest])

    def _is_stable_awaited(self) -> bool:
        """Whether a version in the store is about to become stable."""
        try:
            pin = self._store.pins().get(STABLE)
        except (InvalidPins, OSError):
            pin = None
        for number in self._store.versions():
            if self._states.of(number).state == model_pb2.MODEL_VERSION_STATE_FAILED:
                continue
            try:
                bound = destination(self._store.manifest(number)).label
            except InvalidVersion:
                continue
            if bound == STABLE or (pin is not None and pin.version == number):
                return True
        return False
