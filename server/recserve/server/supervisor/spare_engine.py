"""An engine process that has imported TensorFlow and waits for a version."""

import asyncio
import time
from collections.abc import Callable

from recserve.server import logs
from recserve.server.engine.confinement import environment
from recserve.server.engine.settings import EngineSettings
from recserve.server.settings import Settings
from recserve.server.supervisor.backoff import Backoff
from recserve.server.supervisor.child import Child

MODULE = "recserve.server.engine.process"
LONGEST_PAUSE_SECONDS = 600.0
"""Between two tries: each costs seconds of a processor, and nothing waits for it."""
STOP_SECONDS = 5.0


class SpareEngine:
    """Keeps at most one spare. Belongs to the supervisor's event loop.

    Args:
        settings: Of the server.
        on_change: Called when another spare may be made after one that died.
        on_exit: Called with the process id of a spare that has ended.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        on_change: Callable[[], None],
        on_exit: Callable[[int], None],
    ) -> None:
        self._settings = settings
        self._on_change = on_change
        self._on_exit = on_exit
        self._backoff = Backoff(LONGEST_PAUSE_SECONDS)
        self._child: Child | None = None
        self._is_ready = False
        self._task: asyncio.Task[None] | None = None
        self._stopping = not settings.spare_engine
        self._log = logs.get("engines")

    def prepare(self) -> None:
        """Begin to make a spare, unless there is one, or one died just now."""
        if self._task is None and not self._stopping:
            self._task = asyncio.create_task(self._live())

    def take(self) -> Child | None:
        """Give away the spare, if it is ready. From now on it is the caller's."""
        if not self._is_ready or self._stopping or self._child is None or self._task is None:
            return None
        child, self._child, self._is_ready = self._child, None, False
        self._task.cancel()
        self._task = None
        return child

    async def stop(self) -> None:
        """End the spare; no other one is made."""
        self._stopping = True
        if self._child is not None:
            self._child.kill()  # there is nothing to finish, and an import may not look up for long
            await self._child.stop(STOP_SECONDS)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _live(self) -> None:
        started = time.monotonic()
        try:
            await self._run()
        except OSError as error:  # no process or no file descriptor is left
            self._log.error("spare engine cannot be started", error=str(error))
        if not self._stopping:
            wait = self._backoff.after_death(time.monotonic() - started)
            self._log.info("spare engine is started again", next_start_seconds=wait)
            await asyncio.sleep(wait)
        self._task = None
        self._on_change()

    async def _run(self) -> None:
        """Start a spare, and watch it until it ends or is taken, which cancels this."""
        settings = EngineSettings.of(self._settings)
        self._child = child = await Child.start(MODULE, settings.to_json(), environment())
        message = await child.receive()
        if message == {"state": "spare"}:
            self._is_ready = True
            self._log.info("spare engine ready", pid=child.pid)
        status = await child.until_ended()
        self._child, self._is_ready = None, False
        self._on_exit(child.pid)
        await child.stop(STOP_SECONDS)
        if not self._stopping:
            why = (message or {}).get("error")
            self._log.error("spare engine ended", status=status, error=why)
