"""The versions that are served: their engines and labels, as the policy wants them."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from recserve.server import logs
from recserve.server.errors import FailedPrecondition, NotFound, Unavailable
from recserve.server.labels import CANARY, STABLE
from recserve.server.model_store import InvalidPins, InvalidVersion, ModelStore, Rollback
from recserve.server.model_store.location import StoreUrl
from recserve.server.reading import Reading
from recserve.server.settings import Settings
from recserve.server.success_gap import SuccessGap
from recserve.server.supervisor.engine_host import EngineHost
from recserve.server.supervisor.label_request import LabelRequest
from recserve.server.supervisor.lifecycle import (
    Action,
    DeleteVersion,
    DropLabel,
    EnginePhase,
    MoveLabel,
    Snapshot,
    StartEngine,
    StopEngine,
    decide,
    wanted_labels,
)
from recserve.server.supervisor.probation import Failed, Probation, Verdict
from recserve.server.supervisor.spare_engine import SpareEngine
from recserve.server.supervisor.store_watch import StoreView, StoreWatch

STATES = {
    EnginePhase.VERIFYING: "AVAILABLE",
    EnginePhase.STARTING: "LOADING",
    EnginePhase.STOPPED: "LOADING",
    EnginePhase.WAITING: "LOADING",
    EnginePhase.READY: "SERVING",
    EnginePhase.DRAINING: "DRAINING",
}
LOADING = (
    EnginePhase.VERIFYING,
    EnginePhase.STARTING,
    EnginePhase.STOPPED,
    EnginePhase.WAITING,
)
"""Phases of an engine that needs the processors now, or very soon."""
Description = dict[str, Any]
"""One version as the front end is told: number, state, labels, socket, error, rollback."""


class Versions:
    """Acts on the policy until told to stop. Belongs to the supervisor's event loop.

    Args:
        settings: Of the server.
        store: Where the versions lie.
        folder: Where the sockets of engines go.
        on_change: Called with where every version stands, whenever that may have changed.
        on_exit: Called with the process id of an engine that has ended.
        in_use: Says which versions must stay in the store, for a training at work.
        on_rollback: Called with what a rollback was for.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        store: ModelStore,
        folder: Path,
        on_change: Callable[[list[Description]], None],
        on_exit: Callable[[int], None],
        in_use: Callable[[], frozenset[int]] = frozenset,
        on_rollback: Callable[[str], None] = lambda _kind: None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._folder = folder
        self._on_change = on_change
        self._on_exit = on_exit
        self._in_use = in_use
        self._on_rollback = on_rollback
        self._probation = Probation(settings)
        self._spare = SpareEngine(settings, on_change=self._reconcile_soon, on_exit=on_exit)
        far = isinstance(settings.store, StoreUrl)
        self._watch = StoreWatch(store, self.see, settings.store_look_seconds if far else None)
        self._view = StoreView()
        self._labels: dict[str, int] = {}
        self._requests: dict[str, LabelRequest] = {}
        self._engines: dict[int, EngineHost] = {}
        self._before_stable: int | None = None
        self._leaving: set[int] = set()
        """Versions that are just being removed from the store."""
        self._stuck: set[int] = set()
        """Versions that could not be removed; the next stable version brings another try."""
        self._reconciling = self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = logs.get("supervisor")

    async def run(self) -> None:
        """Follow the store for ever."""
        await asyncio.to_thread(self._store.empty_deleted)
        await self._watch.run()

    def see(self, view: StoreView) -> None:
        """Take the store for what it is now."""
        if not view.versions and not self._view.versions:
            self._log.info("the store has no versions yet", store=str(self._settings.store))
        self._view = view
        for version, engine in list(self._engines.items()):
            if engine.error and (version in view.changed or version not in view.versions):
                self._forget(engine)  # it is gone, or was still being copied
            elif version in view.changed and engine.phase is not EnginePhase.DRAINING:
                self._in_background(self._look_again(engine))
        self._reconcile_soon()

    def hear(self, readings: Mapping[int, Reading]) -> None:
        """Take what the front end saw of the engines' answers."""
        self._probation.hear(readings)
        if not self._stopping and self._judge():
            self._reconcile_soon()

    def hear_successes(self, version: int, gap: SuccessGap) -> None:
        """Take what came of a canary's answers."""
        self._probation.hear_successes(version, gap)
        if not self._stopping and self._judge():
            self._reconcile_soon()

    def release(self, socket: str) -> None:
        """Note that no front end needs an engine any more."""
        for engine in self._engines.values():
            if engine.socket == socket:
                engine.released.set()

    async def set_label(self, label: str, version: int) -> None:
        """Move a label, and return once it has moved and is written down.

        Raises:
            NotFound: the store has no such version.
            FailedPrecondition: the version cannot be served, the store cannot be written, or
                another request for the label came meanwhile; the label stays.
        """
        await self._look_for(version)
        known = self._engines.get(version)
        if known is not None and known.is_failing:
            known.try_again()
        elif known is not None and known.error:  # whatever was wrong with it may be mended
            self._forget(known)
        before = self._requests.get(label)
        if before is not None:
            before.fail("another request for the label came meanwhile", "LABEL_MOVED_ON")
        seen = max(self._view.versions)
        request = self._requests[label] = LabelRequest(label, version, seen)
        self._reconcile_soon()
        await request.done

    async def delete(self, version: int) -> None:
        """Remove a version from the store.

        Raises:
            NotFound: the store has no such version.
            FailedPrecondition: it has a label or is about to, a training uses it, or the store
                cannot be written.
        """
        await self._look_for(version)
        held = [label for label, at in self._labels.items() if at == version]
        if held or version in wanted_labels(self._snapshot()).values():
            what = f"has the label {', '.join(held)}" if held else "is loaded to get a label"
            raise FailedPrecondition(
                f"version {version} {what}; move that to another version first",
                reason="VERSION_IN_USE",
                metadata={"version": str(version)},
            )
        if version in self._in_use():
            raise FailedPrecondition(
                f"a training is using version {version}; wait for its end, or cancel it",
                reason="VERSION_IN_USE",
                metadata={"version": str(version)},
            )
        try:
            await asyncio.to_thread(self._store.delete, version)
        except OSError as error:
            why = f"version {version} cannot be deleted: {error.strerror}"
            raise FailedPrecondition(why, reason="STORE_READ_ONLY") from error
        self._log.info("version deleted", version=version)
        with contextlib.suppress(OSError):  # the next look will do
            self.see(await self._watch.look())

    def refuse_requests(self) -> None:
        """Change nothing any more, and tell those who wait for a label."""
        self._stopping = True
        for request in self._requests.values():
            request.fail("the server is stopping", "DRAINING")

    async def stop(self) -> None:
        """Stop every engine; nothing is started any more."""
        self.refuse_requests()
        engines = [engine.stop() for engine in self._engines.values()]
        await asyncio.gather(self._spare.stop(), *engines)

    async def _look_for(self, version: int) -> None:
        """See the store as it is now, and that it has a version."""
        try:
            self.see(await self._watch.look())
        except OSError as error:
            why = f"the store cannot be read: {error.strerror}"
            raise Unavailable(why, reason="STORE_UNAVAILABLE") from error
        if version not in self._view.versions:
            raise NotFound(
                f"the store has no version {version}",
                reason="VERSION_NOT_FOUND",
                metadata={"version": str(version)},
            )

    async def _look_again(self, engine: EngineHost) -> None:
        """Load a version anew if it is another one under the same number."""
        try:
            manifest = await asyncio.to_thread(self._store.manifest, engine.version)
        except InvalidVersion as error:
            self._log.warning("a loaded version cannot be read", error=str(error))
            return
        if engine.phase is EnginePhase.DRAINING or self._engines.get(engine.version) is not engine:
            return  # it is on its way out, or out
        if not engine.is_of(manifest):
            self._log.warning("version was replaced: loading it anew", version=engine.version)
            self._act(StopEngine(engine.version))

    def _reconcile_soon(self) -> None:
        """Changes come in bunches: act once on all of them."""
        if not self._reconciling:
            self._reconciling = True
            asyncio.get_running_loop().call_soon(self._reconcile)

    def _reconcile(self) -> None:
        self._reconciling = False
        if self._stopping:
            return
        self._judge()
        self._answer_requests()
        while actions := decide(self._snapshot()):
            for action in actions:
                self._act(action)
            self._answer_requests()
        self._store.hold(frozenset(self._engines))
        if self._is_quiet():
            self._spare.prepare()
        self._on_change(self._describe())

    def _is_quiet(self) -> bool:
        """Whether an engine answers, and none loads: a spare costs seconds of a processor."""
        phases = {engine.phase for engine in self._engines.values() if not engine.error}
        return EnginePhase.READY in phases and phases.isdisjoint(LOADING)

    def _snapshot(self) -> Snapshot:
        engines = self._engines.items()
        return Snapshot(
            stored=tuple(n for n in self._view.versions if n not in self._leaving),
            refused=frozenset(n for n, engine in engines if engine.error and not engine.is_failing),
            failing=frozenset(n for n, engine in engines if engine.is_failing),
            engines={n: each.phase for n, each in engines if not each.error or each.is_failing},
            labels=self._labels,
            bound={version: bound.label for version, bound in self._view.bound.items()},
            pins=self._view.pins,
            requested={label: request.version for label, request in self._requests.items()},
            keep_versions=self._settings.keep_versions,
            before_stable=self._before_stable,
            in_use=self._in_use() | self._stuck,
        )

    def _act(self, action: Action) -> None:
        match action:
            case StartEngine(version):
                self._engine(version).start()
            case MoveLabel(label, version):
                self._move(label, version)
            case DropLabel(label):
                self._log.info("label dropped", label=label, before=self._labels.pop(label))
                self._probation.end(label)
            case StopEngine(version):
                # Now, not in the task: the policy is asked again before that runs.
                self._engines[version].begin_drain()
                self._in_background(self._retire(self._engines[version]))
            case DeleteVersion(version):
                self._leaving.add(version)
                self._in_background(self._remove(version))

    def _move(self, label: str, version: int) -> None:
        request = self._requests.get(label)
        if request is not None and request.version == version and not self._write(request):
            return
        what = "version is stable" if label == STABLE else "version has a label"
        self._log.info(what, version=version, label=label, before=self._labels.get(label))
        self._probation.begin(label, version, self._labels.get(STABLE))
        if label == STABLE:
            self._before_stable = self._labels.get(STABLE)
            self._stuck.clear()
        self._labels[label] = version

    def _answer_requests(self) -> None:
        """Tell those whose label has moved, or cannot move."""
        for label, request in list(self._requests.items()):
            engine = self._engines.get(request.version)
            if request.version not in self._view.versions:
                del self._requests[label]
                request.fail(f"version {request.version} is gone", "VERSION_NOT_FOUND")
            elif engine is not None and engine.error:
                del self._requests[label]
                why = f"version {request.version} cannot be served: {engine.error}"
                request.fail(why, "VERSION_REFUSED")
            elif self._has_moved(request) and (request.is_written or self._write(request)):
                del self._requests[label]
                request.succeed()

    def _has_moved(self, request: LabelRequest) -> bool:
        """Whether a label is where it should be. The stable version carries no other one.

        A version may be stable before its engine answers, where nothing else could be.
        """
        if self._labels.get(STABLE) == request.version:
            engine = self._engines.get(request.version)
            is_warm = engine is not None and engine.phase is EnginePhase.READY
            return is_warm if request.label == STABLE else request.label not in self._labels
        return self._labels.get(request.label) == request.version

    def _write(self, request: LabelRequest) -> bool:
        """Write a request down, before it is said to be done; return whether that worked."""
        ends = request.label != STABLE and self._labels.get(STABLE) == request.version
        try:
            self._store.pin(request.label, None if ends else request.version, request.seen)
            self._view = replace(self._view, pins=self._store.pins())
            self._note(request)
        except (OSError, InvalidPins) as error:
            del self._requests[request.label]
            request.fail(f"the label cannot be written to the store: {error}", "STORE_READ_ONLY")
            return False
        request.is_written = True
        return True

    def _note(self, request: LabelRequest) -> None:
        """Remember why a version lost its label, or that somebody gave it one."""
        failed, version, note = request.failed, request.version, None
        if failed is not None:
            fault, version = failed.fault, failed.version
            note = Rollback(failed.label, failed.to, fault.kind, fault.text, time.time())
            self._log.error("version rolled back", version=version, reason=note.text)
            self._on_rollback(fault.kind)
        try:
            self._store.note_rollback(version, note)
            self._view = replace(self._view, rollbacks=self._store.rollbacks())
        except OSError as error:
            self._log.warning("the reason cannot be kept", version=version, error=str(error))

    def _judge(self) -> bool:
        """Move the labels of versions that are watched, if it is time; return whether it is."""
        failing = {n: each.error for n, each in self._engines.items() if each.is_failing}
        self._probation.forget(set(self._view.versions))
        requests = [self._act_on(each) for each in self._probation.verdicts(failing)]
        for request in filter(None, requests):
            request.done.add_done_callback(self._say_if_failed)
            self._requests[request.label] = request
        return any(requests)

    def _act_on(self, verdict: Verdict) -> LabelRequest | None:
        label = verdict.label if isinstance(verdict, Failed) else STABLE
        if label in self._requests:
            return None  # somebody is moving it just now
        seen = max(self._view.versions, default=verdict.version)
        if isinstance(verdict, Failed):
            self._probation.end(label)
            self._log.warning("rolling back", version=verdict.version, reason=verdict.fault.text)
            to = verdict.to if label == STABLE else self._labels.get(STABLE, verdict.to)
            return LabelRequest(label, to, seen, failed=replace(verdict, to=to))
        self._probation.has_passed(CANARY)
        bound = self._view.bound.get(verdict.version)
        if bound is None or bound.shortcoming:
            why = "its manifest cannot be read" if bound is None else bound.shortcoming
            self._log.info("canary does not become stable", version=verdict.version, reason=why)
            return None
        self._log.info("canary has served for its time", version=verdict.version)
        return LabelRequest(STABLE, verdict.version, seen)

    def _say_if_failed(self, done: "asyncio.Future[None]") -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            self._log.error("a label could not be moved", error=str(error))

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _retire(self, engine: EngineHost) -> None:
        await engine.drain(self._settings.drain_seconds)
        self._log.info("version unloaded", version=engine.version)
        if self._engines.get(engine.version) is engine:
            del self._engines[engine.version]
        self._reconcile_soon()

    async def _remove(self, version: int) -> None:
        """Remove a version that the policy does not keep."""
        try:
            await asyncio.to_thread(self._store.delete, version)
            self._log.info("version deleted", version=version, keep=self._settings.keep_versions)
        except OSError as error:
            self._stuck.add(version)
            self._log.warning("version cannot be deleted", version=version, error=str(error))
        with contextlib.suppress(OSError):  # the next look will do
            self.see(await self._watch.look())
        self._leaving.discard(version)

    def _forget(self, engine: EngineHost) -> None:
        """Let go of an engine that was refused."""
        engine.cancel()
        del self._engines[engine.version]

    def _engine(self, version: int) -> EngineHost:
        if version not in self._engines:
            self._engines[version] = EngineHost(
                version,
                store=self._store,
                settings=self._settings,
                folder=self._folder,
                spare=self._spare,
                on_change=self._reconcile_soon,
                on_exit=self._on_exit,
            )
        return self._engines[version]

    def _describe(self) -> list[Description]:
        """Where every version stands, newest first."""
        numbers = sorted({*self._view.versions, *self._engines}, reverse=True)
        return [self._describe_one(number) for number in numbers]

    def _describe_one(self, number: int) -> Description:
        engine = self._engines.get(number)
        labels = [label for label, version in self._labels.items() if version == number]
        state, socket, error = "AVAILABLE", "", ""
        rollback = self._view.rollbacks.get(number)
        if engine is not None and engine.error:
            state, error = "FAILED", engine.error
            labels = labels if engine.is_failing else []  # whose popularity answers
        elif engine is not None:
            state, socket = STATES[engine.phase], engine.socket
        return {
            "number": number,
            "state": state,
            "labels": labels,
            "socket": socket,
            "error": error,
            "rollback": rollback.text if rollback is not None else "",
        }
