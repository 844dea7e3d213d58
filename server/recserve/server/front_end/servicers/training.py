"""TrainingService."""

import re
from collections.abc import AsyncIterator
from typing import Any

from recserve.server.errors import InvalidRequest, Violation
from recserve.server.front_end.servicers.model_names import check_model
from recserve.server.front_end.servicers.pages import check_page, page_token
from recserve.server.front_end.version_cards import VersionCards
from recserve.server.training.register import Run, number_of
from recserve.server.training.runs import TrainingRuns
from recserve.v1 import training_pb2, training_pb2_grpc

_RUN_NAME = re.compile(r"models/(-|[a-z][a-z0-9_-]{0,62})/trainingRuns/([1-9][0-9]{0,17})")


class TrainingServicer(training_pb2_grpc.TrainingServiceServicer):
    """The training runs, each with the version it made as that stands now.

    Args:
        model: The name of the model served.
        runs: The runs.
        cards: Describes versions.
    """

    def __init__(self, *, model: str, runs: TrainingRuns, cards: VersionCards) -> None:
        self._model = model
        self._runs = runs
        self._cards = cards

    async def GetTrainingRun(
        self, request: training_pb2.GetTrainingRunRequest, context: Any
    ) -> training_pb2.TrainingRun:
        """Return one run."""
        return await self._cards.complete(await self._runs.get(self._number(request.name)))

    async def ListTrainingRuns(
        self, request: training_pb2.ListTrainingRunsRequest, context: Any
    ) -> training_pb2.ListTrainingRunsResponse:
        """List runs, newest first."""
        check_model(request.model, self._model)
        size, before = check_page(request)
        found = await self._runs.newest(before, size + 1)
        page, rest = found[:size], found[size:]
        response = training_pb2.ListTrainingRunsResponse(
            training_runs=[await self._brief(run) for run in page]
        )
        if rest:
            response.next_page_token = page_token(number_of(page[-1]))
        return response

    async def WatchTrainingRun(
        self, request: training_pb2.WatchTrainingRunRequest, context: Any
    ) -> AsyncIterator[training_pb2.WatchTrainingRunResponse]:
        """Give a run each time it changes."""
        async for run in self._runs.watch(self._number(request.name)):
            yield training_pb2.WatchTrainingRunResponse(training_run=await self._brief(run))

    async def CancelTrainingRun(
        self, request: training_pb2.CancelTrainingRunRequest, context: Any
    ) -> training_pb2.TrainingRun:
        """End a run."""
        return await self._brief(await self._runs.cancel(self._number(request.name)))

    async def _brief(self, run: Run) -> Run:
        """A run without its log, which would be sent over and over."""
        run.ClearField("log_entries")
        return await self._cards.complete(run)

    def _number(self, name: str) -> int:
        match = _RUN_NAME.fullmatch(name)
        if match is None:
            what = "must be models/{model}/trainingRuns/{run}, such as models/-/trainingRuns/3"
            raise InvalidRequest([Violation("name", what)])
        check_model(match[1], self._model)
        return int(match[2])
