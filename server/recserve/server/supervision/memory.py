"""A supervision without processes, for tests."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from recserve.server.errors import FailedPrecondition, NotFound
from recserve.server.labels import CANARY, STABLE
from recserve.server.model_store.memory import InMemoryModelStore
from recserve.server.training.order import PROMOTIONS, TrainingOrder
from recserve.server.training.report import TrainingReport
from recserve.v1 import model_pb2


class InMemorySupervision:
    """Every version is warm at once, and every training succeeds at once.

    A training makes the next version, a copy of the newest one's manifest, and it becomes stable
    unless its promotion is `never` or `canary`.

    Args:
        store: The versions.
    """

    def __init__(self, store: InMemoryModelStore) -> None:
        self._store = store
        self._labels: dict[str, int] = {}
        self.on_labels: Callable[[Mapping[str, int]], None] = lambda _labels: None
        """Called with the version of each label when one has moved, or a version is gone."""
        self.on_report: Callable[[TrainingReport], None] = lambda _report: None
        """Called with each report of a training."""

    async def set_label(self, label: str, version: int) -> None:
        """See `Supervision.set_label`."""
        self._check(version)
        self._labels[label] = version
        self.on_labels(self._labels)

    async def delete_version(self, version: int) -> None:
        """See `Supervision.delete_version`."""
        self._check(version)
        if version in self._labels.values():
            raise FailedPrecondition(f"version {version} has a label", reason="VERSION_IN_USE")
        self._store.delete(version)
        self.on_labels(self._labels)

    async def train(self, order: TrainingOrder) -> None:
        """See `Supervision.train`."""
        report = TrainingReport(name=order.name, start_time=time.time())
        self.on_report(replace(report, progress={"stage": "read"}))
        version = self._publish(order)
        if order.promotion != "never":
            await self.set_label(CANARY if order.promotion == "canary" else STABLE, version)
        ended = replace(report, state="SUCCEEDED", version=version, end_time=time.time())
        self.on_report(ended)

    async def cancel_training(self, name: str) -> None:
        """See `Supervision.cancel_training`."""
        raise NotFound(f"{name} is not at work", reason="TRAINING_RUN_NOT_FOUND")

    def _publish(self, order: TrainingOrder) -> int:
        versions = self._store.versions()
        manifest = self._store.manifest(versions[0]) if versions else model_pb2.ModelVersion()
        manifest.version = versions[0] + 1 if versions else 1
        manifest.training_run = order.name
        manifest.promotion = PROMOTIONS[order.promotion]
        manifest.lineage.base_version = order.base or 0
        self._store.put(manifest)
        return int(manifest.version)

    def _check(self, version: int) -> None:
        if version not in self._store.versions():
            raise NotFound(
                f"the store has no version {version}",
                reason="VERSION_NOT_FOUND",
                metadata={"version": str(version)},
            )
