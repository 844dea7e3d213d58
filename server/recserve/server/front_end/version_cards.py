"""What a caller is told of a version: its manifest, and how this server stands to it."""

import asyncio
from collections.abc import Sequence

from recserve.server.front_end.version_states import VersionStates
from recserve.server.labels import CANARY
from recserve.server.model_store import InvalidVersion, ModelStore
from recserve.server.promotion import Destination, destination
from recserve.v1 import model_pb2, training_pb2


class VersionCards:
    """Makes `ModelVersion` messages. Any thread may ask; the manifest is read.

    Args:
        model: The name of the model.
        store: The versions.
        states: What the supervisor says of them.
    """

    def __init__(self, *, model: str, store: ModelStore, states: VersionStates) -> None:
        self._model = model
        self._store = store
        self._states = states

    def of(self, number: int) -> model_pb2.ModelVersion:
        """The manifest, with what only a server knows filled in."""
        standing = self._states.of(number)
        try:
            version = self._store.manifest(number)
        except InvalidVersion as error:
            version = model_pb2.ModelVersion(model=self._model, version=number)
            standing = standing.failed(str(error))
        version.name = f"models/{self._model}/versions/{number}"
        version.state = standing.state
        version.error = standing.error
        version.labels[:] = standing.labels
        version.unpromoted_reason = _unpromoted(destination(version), standing.labels)
        version.rollback_reason = standing.rollback
        return version

    async def complete(self, run: training_pb2.TrainingRun) -> training_pb2.TrainingRun:
        """Fill in the version that a training run made."""
        if run.model_version.version:
            run.model_version.CopyFrom(await asyncio.to_thread(self.of, run.model_version.version))
        return run


def _unpromoted(bound: Destination, labels: Sequence[str]) -> str:
    """Why a version with these labels goes no further by itself."""
    if list(labels) == [CANARY]:
        return bound.shortcoming
    return "" if labels else bound.reason
