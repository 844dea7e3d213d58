"""The front end process, through all its lives."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any

from recserve.server import logs
from recserve.server.control import Message
from recserve.server.reading import Reading
from recserve.server.settings import Settings, split_address
from recserve.server.success_gap import SuccessGap
from recserve.server.supervisor.backoff import Backoff
from recserve.server.supervisor.child import Child

MODULE = "recserve.server.front_end.process"
SETTINGS_STATUS = 2
"""Exit status of a front end whose settings cannot work."""


ANSWER_SECONDS = 1.0
"""At a stop, for answers that are on their way."""


class FrontEndFailed(Exception):
    """The front end cannot run; the message is for the operator."""


class FrontEndHost:
    """Runs the front end until told to stop. Belongs to the supervisor's event loop.

    Args:
        settings: Of the server.
        on_listening: Called with the address whenever it listens.
        on_released: Called with the socket of an engine that it no longer needs.
        on_ask: Does what it asks for; returns the error, or None.
        on_exit: Called with the process id of a front end that has ended.
        on_readings: Called with what it saw of each version's answers, every few seconds.
        on_successes: Called with a canary's version and what came of its answers, every few
            minutes.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        on_listening: Callable[[str], None],
        on_released: Callable[[str], None],
        on_ask: Callable[[Message], Awaitable[Message | None]],
        on_exit: Callable[[int], None],
        on_readings: Callable[[dict[int, Reading]], None] = lambda _readings: None,
        on_successes: Callable[[int, SuccessGap], None] = lambda _version, _gap: None,
    ) -> None:
        self._settings = settings
        self._on_listening = on_listening
        self._on_released = on_released
        self._on_ask = on_ask
        self._on_exit = on_exit
        self._on_readings = on_readings
        self._on_successes = on_successes
        self._backoff = Backoff()
        self._child: Child | None = None
        self._versions: list[dict[str, Any]] = []
        self._training: Message | None = None
        self._answering: set[asyncio.Task[None]] = set()
        self._fatal = ""
        self._has_listened = False
        self._stopping = asyncio.Event()
        self._grace_seconds = 0.0
        self._log = logs.get("front-end-host")

    @property
    def pid(self) -> int | None:
        """The process id, while it lives."""
        return self._child.pid if self._child else None

    def set_versions(self, versions: list[dict[str, Any]]) -> None:
        """Say which versions should be served; a restarted front end hears it again."""
        self._versions = versions
        if self._child is not None:
            self._child.send(versions=versions)

    def set_training(self, report: Message) -> None:
        """Say how the newest training run stands; a restarted front end hears it again."""
        self._training = report
        if self._child is not None:
            self._child.send(training=report)

    async def answer_all(self) -> None:
        """Wait until all that it asked for is answered."""
        if self._answering:
            await asyncio.wait(self._answering, timeout=ANSWER_SECONDS)

    def drain(self, grace_seconds: float) -> None:
        """Let calls in flight finish, and end."""
        self._grace_seconds = grace_seconds
        self._stopping.set()
        if self._child is not None:
            self._child.send(drain=grace_seconds)

    def kill(self) -> None:
        """End it now."""
        self._grace_seconds = 0.0
        self._stopping.set()
        if self._child is not None:
            self._child.kill()

    async def run(self) -> None:
        """Keep it running until it is told to stop.

        Raises:
            FrontEndFailed: it can never run with these settings. Settings with which it has
                listened before are not given up.
        """
        while not self._stopping.is_set():
            started = time.monotonic()
            status = await self._live()
            if self._stopping.is_set():
                return
            if status == SETTINGS_STATUS and not self._has_listened:
                raise FrontEndFailed(self._fatal or "the front end refused its settings")
            wait = self._backoff.after_death(time.monotonic() - started)
            self._log.error("front end ended", status=status, next_start_seconds=wait)
            await self._pause(wait)

    async def _live(self) -> int:
        try:
            self._child = await Child.start(MODULE, self._settings.model_dump_json())
        except OSError as error:  # no process or no file descriptor is left
            self._log.error("front end cannot be started", error=str(error))
            return 1
        self._child.send(versions=self._versions)
        self._child.send(training=self._training)
        if self._stopping.is_set():  # said while it was being started
            self._child.send(drain=self._grace_seconds)
        pid = self._child.pid
        status = await self._child.watch(self._on_message)
        self._child = None
        self._on_exit(pid)
        return status

    async def _pause(self, seconds: float) -> None:
        """Wait, unless told to stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _on_message(self, message: Message) -> None:
        if "listening" in message:
            self._has_listened = True
            self._keep_port(int(message["listening"]))
            self._on_listening(self._settings.listen)
        if "released" in message:
            self._on_released(str(message["released"]))
        if "readings" in message:
            found = message["readings"].items()
            self._on_readings({int(number): Reading(**each) for number, each in found})
        if "successes" in message:
            told = message["successes"]
            self._on_successes(int(told["version"]), SuccessGap(**told["gap"]))
        if "ask" in message:
            task = asyncio.create_task(self._answer(message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        if "fatal" in message:
            self._fatal = str(message["fatal"])
            self._log.error("front end failed", error=self._fatal)
        if "failed" in message:
            self._log.error("front end failed", error=message["failed"])

    async def _answer(self, message: Message) -> None:
        child = self._child
        error = await self._on_ask(message["ask"])
        if child is not None:  # if it has died meanwhile, nobody reads this
            child.send(answer=message["number"], error=error)

    def _keep_port(self, port: int) -> None:
        """A port that the system picked stays: clients know it by now."""
        host, _ = split_address(self._settings.listen)
        host = f"[{host}]" if ":" in host else host
        self._settings = self._settings.model_copy(update={"listen": f"{host}:{port}"})
