"""ListModelVersions and GetModelVersion."""

import asyncio
import base64
from typing import Any

from google.protobuf import empty_pb2

from recserve.server.errors import NotFound
from recserve.server.front_end.requests.checks import Checks
from recserve.server.front_end.servicers.later import later
from recserve.server.front_end.servicers.model_names import check_model, parse_version_name
from recserve.server.front_end.version_states import VersionStates
from recserve.server.model_store import InvalidVersion, ModelStore
from recserve.v1 import model_pb2, model_pb2_grpc

DEFAULT_PAGE = 100
MAX_PAGE = 1000


class ModelServicer(model_pb2_grpc.ModelServiceServicer):
    """The versions in the store, as this server stands to them.

    Args:
        model: The name of the model served.
        store: The versions.
        states: What the supervisor says of them.
    """

    def __init__(self, *, model: str, store: ModelStore, states: VersionStates) -> None:
        self._model = model
        self._store = store
        self._states = states

    async def ListModelVersions(
        self, request: model_pb2.ListModelVersionsRequest, context: Any
    ) -> model_pb2.ListModelVersionsResponse:
        """List versions, newest first."""
        check_model(request.model, self._model)
        before = _check_page(request)
        size = request.page_size or DEFAULT_PAGE
        numbers = await asyncio.to_thread(self._store.versions)
        numbers = [number for number in numbers if before is None or number < before]
        page, rest = numbers[:size], numbers[size:]
        versions = await asyncio.to_thread(lambda: [self._describe(number) for number in page])
        token = _token(page[-1]) if rest else ""
        return model_pb2.ListModelVersionsResponse(model_versions=versions, next_page_token=token)

    async def GetModelVersion(
        self, request: model_pb2.GetModelVersionRequest, context: Any
    ) -> model_pb2.ModelVersion:
        """Return one version, by its number or by a label."""
        model, version = parse_version_name(request.name)
        check_model(model, self._model)
        number = int(version) if version.isdecimal() else self._states.labelled(version)
        if number is None or number not in await asyncio.to_thread(self._store.versions):
            raise NotFound(
                f"there is no version {version!r} of model {self._model!r}",
                reason="VERSION_NOT_FOUND",
                metadata={"version": version},
            )
        return await asyncio.to_thread(self._describe, number)

    async def SetModelLabel(
        self, request: model_pb2.SetModelLabelRequest, context: Any
    ) -> model_pb2.ModelVersion:
        """Not in this release."""
        raise later("SetModelLabel", "the newest version is always stable")

    async def DeleteModelVersion(
        self, request: model_pb2.DeleteModelVersionRequest, context: Any
    ) -> empty_pb2.Empty:
        """Not in this release."""
        raise later("DeleteModelVersion", "remove its folder from the store")

    def _describe(self, number: int) -> model_pb2.ModelVersion:
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
        return version


def _check_page(request: model_pb2.ListModelVersionsRequest) -> int | None:
    checks = Checks()
    size = request.page_size
    checks.require(0 <= size <= MAX_PAGE, "page_size", f"must be between 0 and {MAX_PAGE}")
    before = _before(request.page_token)
    known = not request.page_token or before is not None
    checks.require(known, "page_token", "must be the next_page_token of an earlier response")
    checks.raise_if_any()
    return before


def _token(last: int) -> str:
    return base64.urlsafe_b64encode(str(last).encode()).decode()


def _before(token: str) -> int | None:
    try:
        text = base64.urlsafe_b64decode(token.encode("ascii")).decode("ascii")
    except ValueError:
        return None
    return int(text) if text.isdecimal() and len(text) < 20 else None
