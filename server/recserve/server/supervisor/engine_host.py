"""One version's engine, through all its lives: verified, started, watched, started again."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from recserve.server import logs
from recserve.server.control import Message
from recserve.server.engine.process import EngineSettings
from recserve.server.model_store import InvalidVersion, ModelStore
from recserve.server.settings import Settings
from recserve.server.supervisor.backoff import Backoff
from recserve.server.supervisor.child import Child
from recserve.server.supervisor.lifecycle import EnginePhase
from recserve.v1 import model_pb2

MODULE = "recserve.server.engine.process"
MAX_FAILED_STARTS = 3
"""A version whose engine never became ready this many times in a row is refused."""
STOP_SECONDS = 5.0


class EngineHost:
    """Runs the engine of one version. Belongs to the supervisor's event loop.

    Args:
        version: The version's number.
        store: Where it lies.
        settings: Of the server.
        folder: Where its sockets go.
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
        on_change: Callable[[], None],
        on_exit: Callable[[int], None],
    ) -> None:
        self.version = version
        self.phase = EnginePhase.STOPPED
        self.error = ""
        """Why the version is refused; empty while it is not."""
        self.socket = ""
        """Where the engine answers; empty while it does not."""
        self.released = asyncio.Event()
        """Set when no front end needs the engine any more."""
        self._verified = b""  # the manifest as bytes: a NaN in it would equal nothing
        self._store = store
        self._settings = settings
        self._folder = folder
        self._on_change = on_change
        self._on_exit = on_exit
        self._backoff = Backoff()
        self._failed_starts = 0
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
        self._to(EnginePhase.VERIFYING if not self._lives else EnginePhase.STARTING)
        self._task = asyncio.create_task(self._live())

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
        settings = EngineSettings(
            folder=str(self._store.folder(self.version)),
            socket=socket,
            max_batch_requests=self._settings.max_batch_requests,
            threads=self._settings.engine_threads,
            log_level=self._settings.log_level,
            log_format=self._settings.log_format,
        )
        self._child = await Child.start(MODULE, settings.to_json())
        self._log.info("engine starting", pid=self._child.pid)

        async def on_message(message: Message) -> None:
            if message["state"] == "ready":
                self._failed_starts = 0
                self.socket = socket
                self._log.info("engine ready", items=message["items"])
                self._to(EnginePhase.READY)
            else:
                self._failure = str(message["error"])

        self._failure = ""
        status = await self._child.watch(on_message)
        self._on_exit(self._child.pid)
        self._child = None
        self.socket = ""
        return status

    async def _after_death(self, status: int, lived_seconds: float) -> None:
        if self.phase is EnginePhase.STARTING:
            self._failed_starts += 1
        if self._failed_starts >= MAX_FAILED_STARTS:
            self._refuse(self._failure or f"its engine ended with status {status} while loading")
            return
        self._log.error("engine ended", status=status, error=self._failure)
        await self._pause(lived_seconds)

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


def _content(manifest: model_pb2.ModelVersion) -> bytes:
    return bytes(manifest.SerializeToString(deterministic=True))
