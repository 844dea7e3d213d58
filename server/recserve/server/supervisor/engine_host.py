"""One version's engine, through all its lives: verified, started, watched, started again."""

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path

from recserve.server import logs
from recserve.server.control import Message
from recserve.server.engine.confinement import environment
from recserve.server.engine.settings import EngineSettings
from recserve.server.model_store import InvalidVersion, ModelStore
from recserve.server.settings import Settings
from recserve.server.supervisor.backoff import Backoff
from recserve.server.supervisor.child import Child
from recserve.server.supervisor.crash_loop import CRASHES, WINDOW_SECONDS, CrashLoop
from recserve.server.supervisor.lifecycle import EnginePhase
from recserve.server.supervisor.spare_engine import MODULE, STOP_SECONDS, SpareEngine
from recserve.v1 import model_pb2

MAX_FAILED_STARTS = 3
"""A version whose engine never became ready this many times in a row is refused."""
RETRY_SECONDS = 600.0
"""Until an engine that was given up is tried again, where nothing else can be served."""


class EngineHost:
    """Runs the engine of one version. Belongs to the supervisor's event loop.

    Args:
        version: The version's number.
        store: Where it lies.
        settings: Of the server.
        folder: Where its sockets go.
        spare: Has an engine process ready, with luck.
        on_change: Called whenever `phase` or `error` has changed.
        on_exit: Called with the process id of an engine that has ended.
    """

    def __init__(
        self,
        version: int,
        *,
        store: ModelStore,
        settings: Settings,
        folder: Path,
        spare: SpareEngine,
        on_change: Callable[[], None],
        on_exit: Callable[[int], None],
    ) -> None:
        self.version = version
        self.phase = EnginePhase.STOPPED
        self.error = ""
        """Why the version is refused; empty while it is not."""
        self.is_failing = False
        """Whether it is refused for its engine alone: the files are as they should be."""
        self.socket = ""
        """Where the engine answers; empty while it does not."""
        self.released = asyncio.Event()
        """Set when no front end needs the engine any more."""
        self._verified = b""  # the manifest as bytes: a NaN in it would equal nothing
        self._store = store
        self._settings = settings
        self._folder = folder
        self._spare = spare
        self._on_change = on_change
        self._on_exit = on_exit
        self._backoff = Backoff()
        self._crash_loop = CrashLoop()
        self._failed_starts = 0
        self._failure = ""
        self._is_from_spare = False
        self._lives = 0
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None
        self._log = logs.get("engines").bind(version=version)

    @property
    def pid(self) -> int | None:
        """The engine's process id, while it lives."""
        return self._child.pid if self._child else None

    def is_of(self, manifest: model_pb2.ModelVersion) -> bool:
        """Whether the engine was started on the version with this manifest."""
        return self._verified == _content(manifest)

    def start(self) -> None:
        """Begin a life: verify, start, and watch in the background."""
        if self.is_failing:
            self.try_again()
        self._to(EnginePhase.VERIFYING if not self._lives else EnginePhase.STARTING)
        self._task = asyncio.create_task(self._live())

    def try_again(self) -> None:
        """Forget why its engine was given up."""
        self.cancel()
        self.error, self.is_failing = "", False
        self._failed_starts = 0
        self._backoff = Backoff()
        self._crash_loop.forget()
        self.phase = EnginePhase.STOPPED

    def cancel(self) -> None:
        """Give up whatever is waited for. For one that was refused: it has no process."""
        if self._task is not None:
            self._task.cancel()

    def begin_drain(self) -> None:
        """Take no new calls; `drain` does the rest."""
        self._to(EnginePhase.DRAINING)

    async def drain(self, patience_seconds: float) -> None:
        """Let the calls in flight finish, then stop."""
        if self.socket:  # else no front end ever reached it
            try:
                await asyncio.wait_for(self.released.wait(), patience_seconds)
            except TimeoutError:
                self._log.warning("calls did not finish in time", seconds=patience_seconds)
        await self.stop()

    async def stop(self) -> None:
        """End the engine, and every thought of starting it again."""
        self.phase = EnginePhase.DRAINING
        if self._child is not None:
            await self._child.stop(STOP_SECONDS)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _live(self) -> None:
        started = time.monotonic()
        try:
            await self._verify()
            self._lives += 1
            self._to(EnginePhase.STARTING)
            socket = str(self._folder / f"engine-{self.version}-{self._lives}.sock")
            status = await self._run(socket)
        except InvalidVersion as error:
            self._refuse(str(error))
        except OSError as error:  # files that vanish, no process left: no fault of the version
            self._log.error("engine cannot be started", error=str(error))
            await self._pause(time.monotonic() - started)
        else:
            if self.phase is not EnginePhase.DRAINING:
                await self._after_death(status, time.monotonic() - started)

    async def _verify(self) -> None:
        """Check the files, in every life anew: the front end has read them, and ids are rows."""
        manifest = await asyncio.to_thread(self._store.verify, self.version)
        if self._verified and not self.is_of(manifest):
            raise InvalidVersion("its files are not those that were loaded before")
        self._verified = _content(manifest)

    async def _run(self, socket: str) -> int:
        folder, started = str(self._store.folder(self.version)), time.monotonic()
        self._child = self._spare.take()
        self._is_from_spare = self._child is not None
        if self._child is not None:
            self._child.send(load={"folder": folder, "socket": socket})
        else:
            settings = EngineSettings.of(self._settings, folder=folder, socket=socket)
            self._child = await Child.start(MODULE, settings.to_json(), environment())
        self._log.info("engine starting", pid=self._child.pid, from_spare=self._is_from_spare)

        async def on_message(message: Message) -> None:
            if message["state"] == "ready":
                self._failed_starts = 0
                self.socket = socket
                self._log.info(
                    "engine ready",
                    items=message["items"],
                    device=message["device"],
                    load_seconds=round(time.monotonic() - started, 2),
                )
                self._to(EnginePhase.READY)
            elif message["state"] == "refused":
                refused.append(str(message["error"]))
            else:
                self._failure = str(message["error"])

        self._failure = ""
        refused: list[str] = []
        status = await self._child.watch(on_message)
        self._on_exit(self._child.pid)
        self._child = None
        self.socket = ""
        if refused and self.phase is not EnginePhase.DRAINING:
            raise InvalidVersion(refused[0])
        return status

    async def _after_death(self, status: int, lived_seconds: float) -> None:
        was_ready = self.phase is EnginePhase.READY
        if not was_ready and (self._failure or not self._is_from_spare):
            self._failed_starts += 1  # a spare that dies without a word is no fault of the version
        self._log.error("engine ended", status=status, error=self._failure)
        if was_ready and self._crash_loop.after_death():
            minutes = round(WINDOW_SECONDS / 60)
            await self._give_up(
                f"its engine died {CRASHES} times within {minutes} minutes, "
                f"the last time {_by(status)}"
            )
        elif self._failed_starts >= MAX_FAILED_STARTS:
            await self._give_up(self._failure or f"its engine ended {_by(status)} while loading")
        else:
            await self._pause(lived_seconds)

    async def _give_up(self, error: str) -> None:
        """Refuse the version, for a long time or until someone wants it all the same."""
        self.is_failing = True
        self.error = f"{error}; `recserve models label {self.version} LABEL` tries it again"
        self._log.error("version refused", error=self.error)
        self._to(EnginePhase.WAITING)
        await asyncio.sleep(RETRY_SECONDS)
        self._to(EnginePhase.STOPPED)

    async def _pause(self, lived_seconds: float) -> None:
        wait = self._backoff.after_death(lived_seconds)
        self._log.info("engine is started again", next_start_seconds=wait)
        self._to(EnginePhase.WAITING)
        await asyncio.sleep(wait)
        self._to(EnginePhase.STOPPED)

    def _refuse(self, error: str) -> None:
        self.error = error
        self._log.error("version refused", error=error)
        self._to(EnginePhase.STOPPED)

    def _to(self, phase: EnginePhase) -> None:
        self.phase = phase
        self._on_change()


def _by(status: int) -> str:
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"


def _content(manifest: model_pb2.ModelVersion) -> bytes:
    return bytes(manifest.SerializeToString(deterministic=True))
