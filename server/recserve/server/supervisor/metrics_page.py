"""The page that Prometheus scrapes: the metrics of all processes, added up."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from recserve.server import metric_files
from recserve.server.errors import ConfigurationError
from recserve.server.settings import split_address
from recserve.server.supervisor.rollback import KINDS


class VersionInfo(NamedTuple):
    """One line of `recserve_model_version_info`."""

    version: str
    label: str
    state: str


class MetricsPage(AbstractContextManager["MetricsPage"]):
    """Serves the metrics over HTTP from a thread, while the `with` lasts.

    Args:
        address: Where to listen.
        folder: Where the processes keep their values.
    """

    def __init__(self, address: str, folder: Path) -> None:
        self._address = address
        self._folder = str(folder)
        self._versions: tuple[VersionInfo, ...] = ()
        self._rollbacks = dict.fromkeys(KINDS, 0)
        self._server: Any = None

    def __enter__(self) -> Self:
        host, port = split_address(self._address)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=self._folder)  # type: ignore[no-untyped-call]
        registry.register(self)
        try:
            self._server, self._thread = start_http_server(port, host, registry)
        except OSError as error:
            raise ConfigurationError(
                f"cannot serve metrics on {self._address}: {error.strerror or error}; give "
                "another address with --metrics"
            ) from error
        self.port = int(self._server.server_port)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def set_versions(self, versions: Iterable[VersionInfo]) -> None:
        """Say where each version stands now."""
        self._versions = tuple(versions)

    def count_rollback(self, reason: str) -> None:
        """Count a version that was rolled back."""
        self._rollbacks[reason] += 1

    def forget_process(self, pid: int) -> None:
        """Drop the gauges of a process that has ended; its counters go on counting."""
        metric_files.give_back(Path(self._folder), pid)
        mark_process_dead(pid, self._folder)  # type: ignore[no-untyped-call]

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """Part of prometheus_client's collectors."""
        family = GaugeMetricFamily(
            "recserve_model_version_info",
            "Where each version stands; always 1.",
            labels=list(VersionInfo._fields),
        )
        for info in self._versions:
            family.add_metric(list(info), 1)
        yield family
        rollbacks = CounterMetricFamily(
            "recserve_rollbacks", "Versions that were rolled back.", labels=["reason"]
        )
        for reason, count in self._rollbacks.items():
            rollbacks.add_metric([reason], count)
        yield rollbacks
