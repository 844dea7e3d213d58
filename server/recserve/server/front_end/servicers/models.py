"""ModelService."""

import asyncio
from typing import Any

from google.protobuf import empty_pb2

from recserve.server.errors import NotFound
from recserve.server.front_end.requests.checks import Checks
from recserve.server.front_end.servicers.model_names import check_model, parse_version_name
from recserve.server.front_end.servicers.pages import check_page, page_token
from recserve.server.front_end.version_cards import VersionCards
from recserve.server.front_end.version_states import VersionStates
from recserve.server.labels import LABELS
from recserve.server.model_store import ModelStore
from recserve.server.supervision import Supervision
from recserve.v1 import model_pb2, model_pb2_grpc


class ModelServicer(model_pb2_grpc.ModelServiceServicer):
    """The versions in the store, as this server stands to them.

    Args:
        model: The name of the model served.
        store: The versions.
        states: What the supervisor says of them.
        cards: Describes them.
        supervision: Moves labels and deletes versions.
    """

    def __init__(
        self,
        *,
        model: str,
        store: ModelStore,
        states: VersionStates,
        cards: VersionCards,
        supervision: Supervision,
    ) -> None:
        self._model = model
        self._store = store
        self._states = states
        self._cards = cards
        self._supervision = supervision

    async def ListModelVersions(
        self, request: model_pb2.ListModelVersionsRequest, context: Any
    ) -> model_pb2.ListModelVersionsResponse:
        """List versions, newest first."""
        check_model(request.model, self._model)
        size, before = check_page(request)
        numbers = await asyncio.to_thread(self._store.versions)
        numbers = [number for number in numbers if before is None or number < before]
        page, rest = numbers[:size], numbers[size:]
        versions = await asyncio.to_thread(lambda: [self._cards.of(number) for number in page])
        token = page_token(page[-1]) if rest else ""
        return model_pb2.ListModelVersionsResponse(model_versions=versions, next_page_token=token)

    async def GetModelVersion(
        self, request: model_pb2.GetModelVersionRequest, context: Any
    ) -> model_pb2.ModelVersion:
        """Return one version, by its number or by a label."""
        return await asyncio.to_thread(self._cards.of, await self._find(request.name))

    async def SetModelLabel(
        self, request: model_pb2.SetModelLabelRequest, context: Any
    ) -> model_pb2.ModelVersion:
        """Move a label."""
        number = await self._find(request.name)
        checks = Checks()
        known = request.label in LABELS
        checks.require(known, "label", f"must be one of {', '.join(LABELS)}")
        checks.raise_if_any()
        await self._supervision.set_label(request.label, number)
        return await asyncio.to_thread(self._cards.of, number)

    async def DeleteModelVersion(
        self, request: model_pb2.DeleteModelVersionRequest, context: Any
    ) -> empty_pb2.Empty:
        """Remove a version."""
        await self._supervision.delete_version(await self._find(request.name))
        return empty_pb2.Empty()

    async def _find(self, name: str) -> int:
        """The number of the version that a resource name means, by number or by label."""
        model, version = parse_version_name(name)
        check_model(model, self._model)
        number = int(version) if version.isdecimal() else self._states.labelled(version)
        if number is None or number not in await asyncio.to_thread(self._store.versions):
            raise NotFound(
                f"there is no version {version!r} of model {self._model!r}",
                reason="VERSION_NOT_FOUND",
                metadata={"version": version},
            )
        return number
