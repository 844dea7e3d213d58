"""Runs a server: starts, watches and stops its processes, and acts on the version policy."""

import asyncio
import os
import signal
from collections.abc import Collection, Coroutine
from pathlib import Path
from typing import Any

from recserve.server import logs
from recserve.server.labels import STABLE
from recserve.server.model_store import InvalidVersion, ModelStore
from recserve.server.settings import Settings, split_address
from recserve.server.supervisor.engine_host import EngineHost
from recserve.server.supervisor.front_end_host import FrontEndHost
from recserve.server.supervisor.lifecycle import (
    Action,
    EnginePhase,
    MakeStable,
    Snapshot,
    StartEngine,
    StopEngine,
    decide,
)
from recserve.server.supervisor.metrics_page import MetricsPage, VersionInfo
from recserve.server.supervisor.runtime_folder import runtime_folder
from recserve.server.supervisor.store_watch import StoreWatch

STATES = {
    EnginePhase.VERIFYING: "AVAILABLE",
    EnginePhase.STARTING: "LOADING",
    EnginePhase.STOPPED: "LOADING",
    EnginePhase.WAITING: "LOADING",
    EnginePhase.READY: "SERVING",
    EnginePhase.DRAINING: "DRAINING",
}


async def supervise(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; a second signal ends the calls in flight too.

    Raises:
        ConfigurationError: the metrics page has no place to listen.
        FrontEndFailed: the front end cannot run with these settings.
    """
    with runtime_folder() as folder:
        values = folder / "metrics"
        values.mkdir()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(values)  # the children inherit it
        with MetricsPage(settings.metrics, values) as page:
            await Supervisor(settings, folder, page).run()


class Supervisor:
    """The processes of one server.

    Args:
        settings: Of the server.
        folder: The server's private folder.
        page: The metrics page, already up.
    """

    def __init__(self, settings: Settings, folder: Path, page: MetricsPage) -> None:
        self._settings = settings
        self._folder = folder
        self._page = page
        self._store = ModelStore(settings.model_folder)
        self._stored: tuple[int, ...] = ()
        self._stable: int | None = None
        self._engines: dict[int, EngineHost] = {}
        self._reconciling = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._front_end = FrontEndHost(
            settings,
            on_listening=self._on_listening,
            on_released=self._on_released,
            on_exit=page.forget_process,
        )
        self._log = logs.get("supervisor")

    async def run(self) -> None:
        """Serve until told to stop, then drain and stop everything."""
        self._handle_signals()
        watch = asyncio.create_task(StoreWatch(self._store, self._on_stored).run())
        front_end = asyncio.create_task(self._front_end.run())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((front_end, stopping), return_when=asyncio.FIRST_COMPLETED)
            if front_end.done():
                front_end.result()
        finally:
            watch.cancel()
            stopping.cancel()
            await self._stop(front_end)

    async def _stop(self, front_end: "asyncio.Task[None]") -> None:
        self._log.info("stopping", drain_seconds=self._settings.drain_seconds)
        self._stopping.set()
        self._front_end.drain(self._settings.drain_seconds)
        await asyncio.wait((front_end,), timeout=self._settings.drain_seconds + 5)
        self._front_end.kill()
        await asyncio.gather(*(engine.stop() for engine in self._engines.values()))
        await asyncio.wait((front_end,))
        self._log.info("stopped")

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal)

    def _on_signal(self) -> None:
        if self._stopping.is_set():
            self._front_end.kill()
        self._stopping.set()

    def _on_listening(self, address: str) -> None:
        host, _ = split_address(self._settings.metrics)
        metrics = f"http://{host}:{self._page.port}/metrics"
        self._log.info("listening", address=address, metrics=metrics, pid=self._front_end.pid)

    def _on_stored(self, stored: tuple[int, ...], changed: Collection[int]) -> None:
        if not stored and not self._stored:
            self._log.info("the store has no versions yet", folder=str(self._settings.model_folder))
        self._stored = stored
        for version in changed:
            engine = self._engines.get(version)
            if engine is not None and engine.error:  # such as one that was still being copied
                del self._engines[version]
            elif engine is not None and engine.phase is not EnginePhase.DRAINING:
                self._in_background(self._look_again(engine))
        self._reconcile_soon()

    async def _look_again(self, engine: EngineHost) -> None:
        """Load a version anew if it is another one under the same number."""
        try:
            manifest = await asyncio.to_thread(self._store.manifest, engine.version)
        except InvalidVersion as error:
            self._log.warning("a loaded version cannot be read", error=str(error))
            return
        if self._engines.get(engine.version) is engine and not engine.is_of(manifest):
            self._log.warning("version was replaced: loading it anew", version=engine.version)
            self._act(StopEngine(engine.version))

    def _on_released(self, socket: str) -> None:
        for engine in self._engines.values():
            if engine.socket == socket:
                engine.released.set()

    def _reconcile_soon(self) -> None:
        """Changes come in bunches: act once on all of them."""
        if not self._reconciling:
            self._reconciling = True
            asyncio.get_running_loop().call_soon(self._reconcile)

    def _reconcile(self) -> None:
        self._reconciling = False
        if self._stopping.is_set():
            return
        while actions := decide(self._snapshot()):
            for action in actions:
                self._act(action)
        self._publish()

    def _snapshot(self) -> Snapshot:
        return Snapshot(
            stored=self._stored,
            refused=frozenset(n for n, engine in self._engines.items() if engine.error),
            engines={n: engine.phase for n, engine in self._engines.items() if not engine.error},
            stable=self._stable,
        )

    def _act(self, action: Action) -> None:
        match action:
            case StartEngine(version):
                self._engine(version).start()
            case MakeStable(version):
                self._log.info("version is stable", version=version, before=self._stable)
                self._stable = version
            case StopEngine(version):
                # Now, not in the task: the policy is asked again before that runs.
                self._engines[version].begin_drain()
                self._in_background(self._retire(self._engines[version]))

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _retire(self, engine: EngineHost) -> None:
        await engine.drain(self._settings.drain_seconds)
        self._log.info("version unloaded", version=engine.version)
        del self._engines[engine.version]
        self._reconcile_soon()

    def _engine(self, version: int) -> EngineHost:
        if version not in self._engines:
            self._engines[version] = EngineHost(
                version,
                store=self._store,
                settings=self._settings,
                folder=self._folder,
                on_change=self._reconcile_soon,
                on_exit=self._page.forget_process,
            )
        return self._engines[version]

    def _publish(self) -> None:
        """Tell the front end and the metrics page where every version stands."""
        numbers = sorted({*self._stored, *self._engines}, reverse=True)
        described = [self._describe(number) for number in numbers]
        self._front_end.set_versions(described)
        self._page.set_versions(
            VersionInfo(str(each["number"]), ",".join(each["labels"]), each["state"].lower())
            for each in described
        )

    def _describe(self, number: int) -> dict[str, Any]:
        engine = self._engines.get(number)
        labels = [STABLE] if number == self._stable else []
        if engine is None:
            return _version(number, "AVAILABLE", labels)
        if engine.error:
            return _version(number, "FAILED", [], error=engine.error)
        return _version(number, STATES[engine.phase], labels, socket=engine.socket)


def _version(
    number: int, state: str, labels: list[str], *, socket: str = "", error: str = ""
) -> dict[str, Any]:
    return {
        "number": number,
        "state": state,
        "labels": labels,
        "socket": socket,
        "error": error,
    }
