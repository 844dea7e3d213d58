"""A model store in memory, for tests."""

from pathlib import Path

from recserve.server.model_store.manifest import InvalidVersion
from recserve.server.model_store.store import ModelStore
from recserve.v1 import model_pb2


class InMemoryModelStore(ModelStore):
    """Manifests without files.

    Args:
        model: The name of the model.
    """

    def __init__(self, model: str = "default") -> None:
        super().__init__(Path(model))
        self._manifests: dict[int, model_pb2.ModelVersion] = {}

    def put(self, manifest: model_pb2.ModelVersion) -> None:
        """Add a version, or replace the one of its number."""
        self._manifests[manifest.version] = manifest

    def versions(self) -> list[int]:
        """See `ModelStore.versions`."""
        return sorted(self._manifests, reverse=True)

    def manifest(self, version: int) -> model_pb2.ModelVersion:
        """See `ModelStore.manifest`."""
        found = self._manifests.get(version)
        if found is None:
            raise InvalidVersion("it has no manifest.json")
        copy = model_pb2.ModelVersion()
        copy.CopyFrom(found)
        return copy

    def delete(self, version: int) -> None:
        """See `ModelStore.delete`."""
        del self._manifests[version]
