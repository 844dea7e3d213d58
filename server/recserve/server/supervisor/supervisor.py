"""Runs a server: starts, watches and stops its processes, and passes on what they say."""

import asyncio
import os
import signal
from pathlib import Path

from recserve.server import logs
from recserve.server.control import Message
from recserve.server.error_messages import error_to_message
from recserve.server.errors import RecserveServerError, Unavailable
from recserve.server.model_store import open_store
from recserve.server.runtime_folder import runtime_folder
from recserve.server.settings import Settings, split_address
from recserve.server.supervisor.front_end_host import FrontEndHost
from recserve.server.supervisor.metrics_page import MetricsPage, VersionInfo
from recserve.server.supervisor.training_host import TrainingHost
from recserve.server.supervisor.versions import Description, Versions
from recserve.server.training.order import TrainingOrder


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
        self._page = page
        store = open_store(settings)
        self._stopping = asyncio.Event()
        self._front_end = FrontEndHost(
            settings,
            on_listening=self._on_listening,
            on_released=lambda socket: self._versions.release(socket),
            on_ask=self._on_ask,
            on_exit=page.forget_process,
            on_readings=lambda readings: self._versions.hear(readings),
            on_successes=lambda version, gap: self._versions.hear_successes(version, gap),
        )
        self._versions = Versions(
            settings=settings,
            store=store,
            folder=folder,
            on_change=self._on_versions,
            on_exit=page.forget_process,
            in_use=lambda: self._training.versions_in_use,
            on_rollback=page.count_rollback,
        )
        self._training = TrainingHost(
            settings=settings,
            store=store,
            folder=folder,
            on_change=self._front_end.set_training,
        )
        self._log = logs.get("supervisor")

    async def run(self) -> None:
        """Serve until told to stop, then drain and stop everything."""
        self._handle_signals()
        watch = asyncio.create_task(self._versions.run())
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
        # First, so that the front end can still tell and write how these ended.
        self._versions.refuse_requests()
        await self._training.stop()
        await self._front_end.answer_all()
        self._front_end.drain(self._settings.drain_seconds)
        await asyncio.wait((front_end,), timeout=self._settings.drain_seconds + 5)
        self._front_end.kill()
        await self._versions.stop()
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

    def _on_versions(self, described: list[Description]) -> None:
        """Tell the front end and the metrics page where every version stands."""
        self._front_end.set_versions(described)
        self._page.set_versions(
            VersionInfo(str(each["number"]), ",".join(each["labels"]), each["state"].lower())
            for each in described
        )

    async def _on_ask(self, ask: Message) -> Message | None:
        """Do what the front end asks for; return the error if it cannot be done."""
        try:
            await self._do(ask)
        except RecserveServerError as error:
            return error_to_message(error)
        except Exception as error:
            self._log.exception("the front end's wish failed")
            return error_to_message(error)
        return None

    async def _do(self, ask: Message) -> None:
        if self._stopping.is_set():
            raise Unavailable("the server is stopping", reason="DRAINING")
        match ask:
            case {"set_label": str(label), "version": int(version)}:
                await self._versions.set_label(label, version)
            case {"delete_version": int(version)}:
                await self._versions.delete(version)
            case {"train": dict(order)}:
                self._training.start(TrainingOrder(**order))
            case {"cancel_training": str(name)}:
                await self._training.cancel(name)
            case _:
                raise ValueError(f"unknown wish: {ask}")
