"""RecommenderService."""

import asyncio
import time
from collections import Counter
from concurrent.futures import Future
from typing import Any

from recserve.server import metrics
from recserve.server.errors import NotFound
from recserve.server.event_log import Appended, LogWriter
from recserve.server.front_end.attribution import Attribution
from recserve.server.front_end.current_schema import CurrentSchema
from recserve.server.front_end.requests.feedback import FeedbackReader, ReadEvent
from recserve.server.front_end.requests.recommend import Given, check_plain_fields, to_query
from recserve.server.front_end.requests.similar import check_similar_request, to_similar_query
from recserve.server.front_end.requests.train import check_train_request
from recserve.server.front_end.servicers.answers import encode_response, encode_similar_response
from recserve.server.front_end.servicers.model_names import check_model
from recserve.server.front_end.version_cards import VersionCards
from recserve.server.model_store import ModelStore
from recserve.server.recommending.query import Query
from recserve.server.recommending.recent import RecentQueries
from recserve.server.recommending.recommendation_id import RecommendationIds
from recserve.server.recommending.recommender import Recommender
from recserve.server.recommending.shadow import Shadow
from recserve.server.recommending.similar import SimilarItems
from recserve.server.recommending.versions import ServedVersion, ServedVersions
from recserve.server.schema import DeclaredSchema
from recserve.server.training.runs import TrainingRuns
from recserve.v1 import recommender_pb2, recommender_pb2_grpc, training_pb2

Request = recommender_pb2.RecommendRequest | recommender_pb2.SimilarItemsRequest


class RecommenderServicer(recommender_pb2_grpc.RecommenderServiceServicer):
    """The service that back-end programs call.

    Args:
        model: The name of the model served.
        recommender: Answers queries.
        similar: Finds similar items.
        versions: The versions that can answer.
        store: Knows the versions that are not served.
        schema: Says which events exist.
        writer: Makes events durable.
        ids: Reads recommendation ids.
        attribution: Notes which version gave an answer.
        runs: The training runs.
        cards: Describes the versions that they made.
        recent: Remembers queries.
        shadow: Compares answers with the shadow version's.
    """

    def __init__(
        self,
        *,
        model: str,
        recommender: Recommender,
        similar: SimilarItems,
        versions: ServedVersions,
        store: ModelStore,
        schema: CurrentSchema,
        writer: LogWriter,
        ids: RecommendationIds,
        attribution: Attribution,
        runs: TrainingRuns,
        cards: VersionCards,
        recent: RecentQueries,
        shadow: Shadow,
    ) -> None:
        self._model = model
        self._recommender = recommender
        self._similar = similar
        self._versions = versions
        self._store = store
        self._schema = schema
        self._writer = writer
        self._attribution = attribution
        self._runs = runs
        self._cards = cards
        self._recent = recent
        self._shadow = shadow
        self._feedback = FeedbackReader(ids, time.time)
        self._log_seconds = metrics.STAGE_SECONDS.labels("event_log", "")

    async def Recommend(  # type: ignore[override]  # what is written already is passed on
        self, request: recommender_pb2.RecommendRequest, context: Any
    ) -> recommender_pb2.RecommendResponse | bytes:
        """Rank items for a user. Returns the response, or the bytes of one."""
        start = time.monotonic()
        deadline = _deadline(start, context)
        given = check_plain_fields(request)
        check_model(request.model, self._model)
        if "model_version" in given:
            await self._check_stored(request.model_version)
        version, label = self._choose(request)
        query = self._query(request, given, version, deadline)
        if request.validate_only:
            return recommender_pb2.RecommendResponse()
        user = self._recommender.known(query)
        if user is None or query.filter is not None:
            user = await self._recommender.look_up(query)
            await self._recommender.prepare(query, version)
            before, (version, label) = version, self._choose(request)
            if version is not before:  # swapped meanwhile: the old one's engine may be gone
                query = self._query(request, given, version, deadline)
        answer = await self._recommender.recommend(query, user, version, label)
        self._recent.add(query)
        if answer.fallback is not None:
            metrics.FALLBACKS.labels(answer.fallback.value).inc()
        answer_id = self._attribution.note(answer, user_id=query.user_id, scenario=request.scenario)
        self._shadow.compare(query, user, answer, answer_id)
        return encode_response(answer, answer_id, time.monotonic() - start)

    async def Feedback(
        self, request: recommender_pb2.FeedbackRequest, context: Any
    ) -> recommender_pb2.FeedbackResponse:
        """Store events durably."""
        read = self._feedback.read(request, self._schema.current)
        if request.validate_only:
            return recommender_pb2.FeedbackResponse()
        start = time.monotonic()
        stored = self._writer.submit([each.event for each in read])
        # Not after the wait: a caller that leaves meanwhile does not take its events along.
        loop = asyncio.get_running_loop()
        stored.add_done_callback(lambda done: loop.call_soon_threadsafe(self._count, read, done))
        appended = await asyncio.wrap_future(stored)
        self._log_seconds.observe(time.monotonic() - start)
        return recommender_pb2.FeedbackResponse(
            accepted_count=appended.accepted_count,
            duplicate_count=appended.duplicate_count,
            log_position=appended.log_position,
        )

    async def SimilarItems(  # type: ignore[override]  # what is written already is passed on
        self, request: recommender_pb2.SimilarItemsRequest, context: Any
    ) -> bytes:
        """Rank items by likeness to an item. Returns the bytes of the response."""
        start = time.monotonic()
        deadline = _deadline(start, context)
        check_similar_request(request)
        check_model(request.model, self._model)
        if request.HasField("model_version"):
            await self._check_stored(request.model_version)
        version, label = self._choose(request)
        query = to_similar_query(request, self._schema_of(version), deadline)
        seen = await self._similar.prepare(query, version)
        before, (version, label) = version, self._choose(request)
        if version is not before:  # swapped meanwhile: the old one's engine may be gone
            query = to_similar_query(request, self._schema_of(version), deadline)
        answer = await self._similar.find(query, seen, version, label)
        answer_id = self._attribution.note(answer, user_id=request.user_id)
        return encode_similar_response(answer, answer_id, time.monotonic() - start)

    async def Train(
        self, request: training_pb2.TrainRequest, context: Any
    ) -> training_pb2.TrainingRun:
        """Start a training run."""
        check_model(request.model, self._model)
        check_train_request(request)
        stable = self._versions.stable
        run = await self._runs.start(
            request, self._schema.current, None if stable is None else stable.number
        )
        return await self._cards.complete(run)

    async def _check_stored(self, number: int) -> None:
        """Tell a version that is nowhere from one that is only not served."""
        if self._versions.get(number) is not None:
            return
        if number not in await asyncio.to_thread(self._store.versions):
            raise NotFound(
                f"the store has no version {number} of model {self._model!r}",
                reason="VERSION_NOT_FOUND",
                metadata={"version": str(number)},
            )

    def _choose(self, request: Request) -> tuple[ServedVersion | None, str]:
        """The version that a request means, if it is served."""
        return self._versions.choose(
            request.model_version if request.HasField("model_version") else None,
            request.model_label if request.HasField("model_label") else None,
            request.user_id,
        )

    def _query(
        self,
        request: recommender_pb2.RecommendRequest,
        given: Given,
        version: ServedVersion | None,
        deadline: float,
    ) -> Query:
        return to_query(request, given, self._schema_of(version), deadline)

    def _schema_of(self, version: ServedVersion | None) -> DeclaredSchema:
        return self._schema.current if version is None else version.schema

    def _count(self, read: list[ReadEvent], stored: "Future[Appended]") -> None:
        if stored.cancelled() or stored.exception() is not None:
            return
        answers = {each.event.event_id: each.answer for each in reversed(read)}
        accepted = [logged.event for logged in stored.result().accepted]
        for event_type, count in Counter(event.event_type for event in accepted).items():
            metrics.EVENTS.labels(self._schema.metric_label(event_type)).inc(count)
        for event in accepted:
            answer = answers[event.event_id]
            if answer is not None:
                event_type = self._schema.metric_label(event.event_type)
                metrics.ONLINE_EVENTS.labels(str(answer.version), event_type).inc()


def _deadline(start: float, context: Any) -> float:
    remaining = context.time_remaining()
    return float("inf") if remaining is None else start + float(remaining)
