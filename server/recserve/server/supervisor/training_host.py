"""One training run at a time, in processes of its own: the export of the log, then the trainer."""

import asyncio
import json
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from recserve.server import logs
from recserve.server.control import Message
from recserve.server.errors import Aborted, NotFound
from recserve.server.model_store import ModelStore
from recserve.server.settings import Settings
from recserve.server.supervisor.child import Child
from recserve.server.training.order import TrainingOrder
from recserve.server.training.register import number_of
from recserve.server.training.report import TrainingReport
from recserve.server.training.run_log import RunLog

EXPORT = "recserve.server.training.export_process"
TRAINER = "recserve.trainer.job"
STOP_SECONDS = 10.0
"""For a cancelled process to clear away what it has staged."""
QUIT_SECONDS = 3.0
"""The same, where the server is stopping."""


class TrainingFailed(Exception):
    """A run cannot go on; the message says why."""


class TrainingHost:
    """Runs trainings. Belongs to the supervisor's event loop.

    Args:
        settings: Of the server.
        store: Where versions are published.
        folder: For exports; they are removed when they have been learned from.
        on_change: Called with the newest run's report whenever it has changed.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        store: ModelStore,
        folder: Path,
        on_change: Callable[[Message], None],
    ) -> None:
        self._settings = settings
        self._store = store
        self._folder = folder
        self._on_change = on_change
        self._report: TrainingReport | None = None
        self._lines = RunLog()
        self._needed: frozenset[int] = frozenset()
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None
        self._ending = ""
        """Why the run is being ended, if it is."""
        self._is_cancelled = False
        self._patience_seconds = STOP_SECONDS
        self._log = logs.get("training")

    @property
    def versions_in_use(self) -> frozenset[int]:
        """The versions that the run at work begins from, or measures itself against."""
        return self._needed if self._task is not None and not self._task.done() else frozenset()

    def start(self, order: TrainingOrder) -> None:
        """Begin a run.

        Raises:
            Aborted: another one is at work.
        """
        if self._task is not None and not self._task.done():
            raise Aborted("another training run is at work", reason="TRAINING_IN_PROGRESS")
        self._ending, self._is_cancelled = "", False
        self._needed = frozenset(n for n in (order.base, order.stable) if n is not None)
        self._patience_seconds = STOP_SECONDS
        self._lines = RunLog()
        self._report = TrainingReport(
            name=order.name, start_time=time.time(), lines=self._lines.lines
        )
        self._log.info("training started", run=order.name)
        self._tell(self._report)
        self._task = asyncio.create_task(self._run(order, self._report))

    async def cancel(self, name: str) -> None:
        """End a run, and return once it has ended.

        Raises:
            NotFound: no such run is at work.
        """
        if self._report is None or self._report.name != name or self._task is None:
            raise NotFound(f"{name} is not at work", reason="TRAINING_RUN_NOT_FOUND")
        self._is_cancelled = True
        await self._end("it was cancelled")

    async def stop(self) -> None:
        """End the run at work, since the server is stopping."""
        self._patience_seconds = QUIT_SECONDS
        await self._end("the server was stopped")

    async def _end(self, why: str) -> None:
        if self._task is None or self._task.done():
            return
        self._ending = self._ending or why
        if self._child is not None:
            await self._child.stop(self._patience_seconds)
        await asyncio.wait((self._task,))

    async def _run(self, order: TrainingOrder, report: TrainingReport) -> None:
        folder = self._folder / f"training-{number_of(order)}"
        try:
            await self._train(order, report, folder)
        except (TrainingFailed, OSError) as error:
            report.error = str(error)
        except Exception as error:
            self._log.exception("training failed unexpectedly")
            report.error = f"{type(error).__name__}: {error}"
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        await self._conclude(report)

    async def _train(self, order: TrainingOrder, report: TrainingReport, folder: Path) -> None:
        path, log_position = order.dataset_path, 0
        if not path:
            await asyncio.to_thread(folder.mkdir)
            exported = await self._export(order, report, folder)
            path, log_position = str(folder), int(exported["log_position"])
            report.log_position = log_position
        argument = {
            "path": path,
            "store": str(self._settings.store),
            "model": self._settings.model,
            "mode": "warm-start" if order.warm_start else "full",
            "base": order.base,
            "hyper_parameters": order.hyper_parameters,
            "training_run": order.name,
            "promotion": order.promotion,
            "log_position": log_position,
            "stable": order.stable,
            "promotion_margin": self._settings.promotion_margin,
            "baseline_margin": self._settings.baseline_margin,
        }
        message = await self._process(TRAINER, argument, report, "published")
        report.version = int(message)

    async def _export(
        self, order: TrainingOrder, report: TrainingReport, folder: Path
    ) -> dict[str, Any]:
        argument = {
            "events": self._settings.events,
            "folder": str(folder),
            "schema": order.schema,
            "since": order.since,
            "until": order.until,
            "keep_event_types": order.warm_start,
            "log_level": self._settings.log_level,
            "log_format": self._settings.log_format,
        }
        exported: dict[str, Any] = await self._process(EXPORT, argument, report, "exported")
        return exported

    async def _process(
        self, module: str, argument: dict[str, Any], report: TrainingReport, result: str
    ) -> Any:
        """Run one process of the run to its end; return what it sent as its result."""
        if self._ending:
            raise TrainingFailed(self._ending)
        found: Message = {}

        async def on_message(message: Message) -> None:
            found.update(message)
            if "note" in message:
                self._log.info("training note", run=report.name, **message["note"])
                self._lines.note(**message["note"])
            if "progress" in message:
                self._lines.progress(message["progress"])
                report.progress = message["progress"]
                self._tell(report)

        self._child = await Child.start(module, json.dumps(argument))
        self._log.debug("training process started", module=module, pid=self._child.pid)
        if self._ending:  # said while it was being started
            await self._child.stop(self._patience_seconds)
        status = await self._child.watch(on_message)
        self._child = None
        if result in found:
            return found[result]
        raise TrainingFailed(self._ending or found.get("error") or _last_words(status, report))

    async def _conclude(self, report: TrainingReport) -> None:
        """Say how it ended. What counts is whether there is a version, not who could tell."""
        if not report.version:
            report.version = await self._published(report) or 0
        if report.version:
            report.state, report.error = "SUCCEEDED", ""
        else:
            report.state = "CANCELLED" if self._is_cancelled else "FAILED"
        report.end_time = time.time()
        made = f"made version {report.version}" if report.version else report.error
        self._lines.end(f"{report.state.lower()}: {made}")
        said = self._log.info if report.version else self._log.warning
        said(
            "training ended",
            run=report.name,
            state=report.state.lower(),
            version=report.version or None,
            error=report.error or None,
            seconds=round(report.end_time - report.start_time, 1),
        )
        self._tell(report)

    async def _published(self, report: TrainingReport) -> int | None:
        try:
            return await asyncio.to_thread(self._store.made_by, report.name, report.start_time)
        except OSError as error:
            self._log.error("whether a version was made cannot be seen", error=str(error))
            return None

    def _tell(self, report: TrainingReport) -> None:
        # Not `asdict`: this is told with every step, and the lines are many.
        message = {each.name: getattr(report, each.name) for each in fields(report)}
        self._on_change({**message, "lines": list(report.lines)})


def _last_words(status: int, report: TrainingReport) -> str:
    """What is to be said of a process that ended without a word."""
    stage = (report.progress or {}).get("stage") or "start"
    if status >= 0:
        return f"the process ended with status {status} in the stage {stage!r}; see the log"
    name = signal.Signals(-status).name
    hint = "; was memory short?" if -status == signal.SIGKILL else ""
    return f"the process was killed by {name} in the stage {stage!r}{hint}"
