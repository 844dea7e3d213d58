"""A real gRPC server on a loopback port, whose services do what a test scripts."""

# ruff: noqa: N802, ARG002 - the methods' names and arguments are those of the generated classes

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent import futures
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

import grpc
from google.protobuf import empty_pb2
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from recserve.v1 import (
    catalog_pb2,
    catalog_pb2_grpc,
    event_pb2,
    event_pb2_grpc,
    experiment_pb2,
    experiment_pb2_grpc,
    model_pb2,
    model_pb2_grpc,
    recommender_pb2,
    recommender_pb2_grpc,
    training_pb2,
    training_pb2_grpc,
)

CATALOGUE = tuple(f"item-{number}" for number in range(2500))
SEEN = "item-0"
SECOND_PAGE = "second"


@dataclass
class Failure:
    """How a call fails, with the details of google.rpc."""

    code: grpc.StatusCode
    message: str = "it failed"
    details: Sequence[Message] = ()

    def abort(self, context: grpc.ServicerContext) -> None:
        packed = []
        for detail in self.details:
            holder = AnyMessage()
            holder.Pack(detail)
            packed.append(holder)
        status = status_pb2.Status(code=self.code.value[0], message=self.message, details=packed)
        context.abort_with_status(rpc_status.to_status(status))


def error_info(reason: str, **metadata: str) -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain="recserve", metadata=metadata)


def bad_request(**violations: str) -> error_details_pb2.BadRequest:
    return error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(field=name, description=text)
            for name, text in violations.items()
        ]
    )


def retry_info(seconds: float) -> error_details_pb2.RetryInfo:
    info = error_details_pb2.RetryInfo()
    info.retry_delay.FromNanoseconds(int(seconds * 1e9))
    return info


Outcome = Message | Failure | Callable[[Any], Message | Failure]


@dataclass
class Script:
    """What the next calls of each method give; without a script they succeed."""

    outcomes: dict[str, deque[Outcome]] = field(default_factory=lambda: defaultdict(deque))
    requests: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    metadata: dict[str, list[dict[str, str | bytes]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    seconds_left: dict[str, list[float | None]] = field(default_factory=lambda: defaultdict(list))
    arrived: Condition = field(default_factory=Condition)
    version: int = 3

    def then(self, method: str, *outcomes: Outcome) -> None:
        self.outcomes[method].extend(outcomes)

    def answer(
        self, method: str, request: Any, context: Any, usual: Callable[[Any], Message]
    ) -> Message:
        with self.arrived:
            self.requests[method].append(request)
            self.metadata[method].append(dict(context.invocation_metadata()))
            self.seconds_left[method].append(context.time_remaining())
            outcome = self.outcomes[method].popleft() if self.outcomes[method] else usual
            self.arrived.notify_all()
        if callable(outcome):
            outcome = outcome(request)
        if isinstance(outcome, Failure):
            outcome.abort(context)
        return outcome

    def wait_for(self, method: str, count: int = 1) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests[method]) >= count, timeout=10)


class FakeRecommender(recommender_pb2_grpc.RecommenderServiceServicer):
    """Scores an item by its place in the catalogue, the first best."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.log: dict[str, recommender_pb2.Event] = {}

    def Recommend(self, request: Any, context: Any) -> Any:
        return self.script.answer("Recommend", request, context, self._rank)

    def SimilarItems(self, request: Any, context: Any) -> Any:
        return self.script.answer("SimilarItems", request, context, self._neighbours)

    def Feedback(self, request: Any, context: Any) -> Any:
        return self.script.answer("Feedback", request, context, self._store)

    def Train(self, request: Any, context: Any) -> Any:
        return self.script.answer("Train", request, context, lambda _request: run_message("QUEUED"))

    def _rank(self, request: Any) -> Message:
        candidates = list(request.candidate_item_ids) or CATALOGUE
        hidden = set(request.exclude_item_ids) | (set() if request.include_seen else {SEEN})
        known = sorted(
            (item for item in candidates if item in CATALOGUE_PLACES and item not in hidden),
            key=CATALOGUE_PLACES.__getitem__,
        )
        return recommender_pb2.RecommendResponse(
            recommendation_id=f"answer-for-{request.user_id}",
            model_version=self.script.version,
            results=[
                recommender_pb2.Recommendation(
                    item_id=item,
                    score=1 - CATALOGUE_PLACES[item] / len(CATALOGUE),
                    propensity=1,
                    reason=recommender_pb2.REASON_PERSONAL,
                )
                for item in known[: request.num_results]
            ],
            missing_item_ids=[item for item in candidates if item not in CATALOGUE_PLACES],
        )

    def _neighbours(self, request: Any) -> Message:
        place = CATALOGUE_PLACES[request.item_id]
        return recommender_pb2.SimilarItemsResponse(
            recommendation_id=f"answer-for-{request.item_id}",
            model_version=self.script.version,
            results=[
                recommender_pb2.Recommendation(
                    item_id=item, score=0.5, propensity=1, reason=recommender_pb2.REASON_SIMILAR
                )
                for item in CATALOGUE[place + 1 : place + 1 + request.num_results]
            ],
        )

    def _store(self, request: Any) -> Message:
        new = {event.event_id: event for event in request.events if event.event_id not in self.log}
        self.log.update(new)
        return recommender_pb2.FeedbackResponse(
            accepted_count=len(new),
            duplicate_count=len(request.events) - len(new),
            log_position=len(self.log),
        )


CATALOGUE_PLACES = {item: place for place, item in enumerate(CATALOGUE)}


class FakeModels(model_pb2_grpc.ModelServiceServicer):
    """Two versions, one on each page."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def ListModelVersions(self, request: Any, context: Any) -> Any:
        return self.script.answer("ListModelVersions", request, context, self._page)

    def GetModelVersion(self, request: Any, context: Any) -> Any:
        return self.script.answer("GetModelVersion", request, context, self._get)

    def SetModelLabel(self, request: Any, context: Any) -> Any:
        return self.script.answer("SetModelLabel", request, context, self._get)

    def DeleteModelVersion(self, request: Any, context: Any) -> Any:
        usual = lambda _request: empty_pb2.Empty()  # noqa: E731
        return self.script.answer("DeleteModelVersion", request, context, usual)

    def _page(self, request: Any) -> Message:
        if request.page_token == SECOND_PAGE:
            return model_pb2.ListModelVersionsResponse(model_versions=[version_message(1)])
        return model_pb2.ListModelVersionsResponse(
            model_versions=[version_message(2)], next_page_token=SECOND_PAGE
        )

    def _get(self, request: Any) -> Message:
        return version_message(2)


def version_message(version: int) -> model_pb2.ModelVersion:
    message = model_pb2.ModelVersion(
        name=f"models/default/versions/{version}",
        model="default",
        version=version,
        size_bytes=1_250_000,
        training_seconds=12.5,
        producers=["recserve 0.1.0"],
    )
    if version == 2:
        message.state = model_pb2.MODEL_VERSION_STATE_SERVING
        message.labels.append("stable")
    else:
        message.state = model_pb2.MODEL_VERSION_STATE_FAILED
        message.error = "checksum of items.npz differs"
    message.create_time.FromJsonString("2026-01-31T12:00:00Z")
    message.lineage.mode = model_pb2.TRAINING_MODE_WARM_START
    message.lineage.base_version = version - 1
    message.lineage.event_count = 100_836
    message.lineage.last_event_time.FromJsonString("2026-01-30T00:00:00Z")
    message.evaluation.holdout = model_pb2.HOLDOUT_KIND_TIME
    message.evaluation.metrics.add(name="ndcg@10", value=0.31, baseline=0.12)
    message.evaluation.metrics.add(name="coverage@10", value=0.4)
    message.layout.family = "two_stage"
    message.hyper_parameters.hidden_layers.extend([100, 50])
    message.hyper_parameters.learning_rate = 0.001
    return message


def run_message(state: str, number: int = 7, **fields: Any) -> training_pb2.TrainingRun:
    message = training_pb2.TrainingRun(
        name=f"models/default/trainingRuns/{number}",
        state=training_pb2.TrainingRunState.Value(f"TRAINING_RUN_STATE_{state}"),
        **fields,
    )
    message.create_time.FromJsonString("2026-01-31T12:00:00Z")
    if state == "SUCCEEDED":
        message.model_version.CopyFrom(version_message(2))
    return message


def progress_message(stage: str, **fields: Any) -> training_pb2.TrainingRun:
    progress = training_pb2.TrainingProgress(stage=stage, **fields)
    return run_message("RUNNING", progress=progress)


class FakeTraining(training_pb2_grpc.TrainingServiceServicer):
    """Run 7, which is queued, trains and succeeds; run 6 before it on a second page."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.news: list[training_pb2.TrainingRun | Failure | None] = [
            run_message("QUEUED"),
            progress_message("retrieval", epoch=1, max_epochs=9, step=0, max_steps=90, loss=6.5),
            progress_message("retrieval", epoch=2, max_epochs=9, step=20, max_steps=90, loss=3.25),
            run_message("SUCCEEDED"),
        ]
        """What is still to be told by a watch; a failure breaks the stream, None ends it early."""

    def GetTrainingRun(self, request: Any, context: Any) -> Any:
        usual = lambda _request: run_message("SUCCEEDED")  # noqa: E731
        return self.script.answer("GetTrainingRun", request, context, usual)

    def ListTrainingRuns(self, request: Any, context: Any) -> Any:
        return self.script.answer("ListTrainingRuns", request, context, self._page)

    def CancelTrainingRun(self, request: Any, context: Any) -> Any:
        usual = lambda _request: run_message("CANCELLED")  # noqa: E731
        return self.script.answer("CancelTrainingRun", request, context, usual)

    def WatchTrainingRun(self, request: Any, context: Any) -> Any:
        self.script.requests["WatchTrainingRun"].append(request)
        self.script.seconds_left["WatchTrainingRun"].append(context.time_remaining())
        while self.news:
            news = self.news.pop(0)
            if news is None:
                return
            if isinstance(news, Failure):
                news.abort(context)
            yield training_pb2.WatchTrainingRunResponse(training_run=news)
        context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "nothing more happens")

    def _page(self, request: Any) -> Message:
        if request.page_token == SECOND_PAGE:
            failed = run_message("FAILED", 6, error="too little data")
            return training_pb2.ListTrainingRunsResponse(training_runs=[failed])
        return training_pb2.ListTrainingRunsResponse(
            training_runs=[run_message("SUCCEEDED")], next_page_token=SECOND_PAGE
        )


class FakeCatalogue(catalog_pb2_grpc.CatalogServiceServicer):
    """Keeps what it is given."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.items: dict[str, catalog_pb2.Item] = {}
        self.users: dict[str, catalog_pb2.User] = {}

    def UpsertItems(self, request: Any, context: Any) -> Any:
        return self.script.answer("UpsertItems", request, context, self._put_items)

    def UpsertUsers(self, request: Any, context: Any) -> Any:
        return self.script.answer("UpsertUsers", request, context, self._put_users)

    def GetItem(self, request: Any, context: Any) -> Any:
        usual = lambda asked: self.items.get(asked.item_id, NO_ITEM)  # noqa: E731
        return self.script.answer("GetItem", request, context, usual)

    def GetUser(self, request: Any, context: Any) -> Any:
        usual = lambda asked: self.users.get(asked.user_id, NO_USER)  # noqa: E731
        return self.script.answer("GetUser", request, context, usual)

    def DeleteItems(self, request: Any, context: Any) -> Any:
        return self.script.answer("DeleteItems", request, context, self._delete)

    def DeleteUser(self, request: Any, context: Any) -> Any:
        return self.script.answer("DeleteUser", request, context, self._erase)

    def JoinUsers(self, request: Any, context: Any) -> Any:
        return self.script.answer("JoinUsers", request, context, self._join)

    def _join(self, request: Any) -> Message:
        return catalog_pb2.JoinUsersResponse(user_id=request.user_id, joined_event_count=7)

    def _put_items(self, request: Any) -> Message:
        there = sum(item.item_id in self.items for item in request.items)
        self.items |= {item.item_id: _dated(item) for item in request.items}
        return catalog_pb2.UpsertItemsResponse(
            created_count=len(request.items) - there, updated_count=there
        )

    def _put_users(self, request: Any) -> Message:
        there = sum(user.user_id in self.users for user in request.users)
        self.users |= {user.user_id: _dated(user) for user in request.users}
        return catalog_pb2.UpsertUsersResponse(
            created_count=len(request.users) - there, updated_count=there
        )

    def _delete(self, request: Any) -> Message:
        gone = [self.items.pop(item_id, None) for item_id in request.item_ids]
        return catalog_pb2.DeleteItemsResponse(deleted_count=sum(each is not None for each in gone))

    def _erase(self, request: Any) -> Message:
        """Of a user who was there: trained in versions 2 and 10, and being learned by run 12."""
        message = catalog_pb2.DeleteUserResponse(
            receipt_id="5ca1ab1e" * 4, retraining_mode=model_pb2.TRAINING_MODE_FULL
        )
        message.complete_time.FromJsonString("2026-01-31T12:00:00Z")
        if self.users.pop(request.user_id, None) is not None:
            message.deleted_event_count = 1234
            message.model_versions.extend(f"models/default/versions/{n}" for n in (2, 10))
            message.training_runs.append("models/default/trainingRuns/12")
        return message


NO_ITEM = Failure(grpc.StatusCode.NOT_FOUND, "no item", [error_info("ITEM_NOT_FOUND")])
NO_USER = Failure(grpc.StatusCode.NOT_FOUND, "no user", [error_info("USER_NOT_FOUND")])


def _dated(record: Any) -> Any:
    record.update_time.FromJsonString("2026-01-31T12:00:00Z")
    return record


class FakeExperiments(experiment_pb2_grpc.ExperimentServiceServicer):
    """Version 1 is stable, version 2 the canary, and version 3 the shadow."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def CompareVersions(self, request: Any, context: Any) -> Any:
        usual = lambda _request: comparison_message()  # noqa: E731
        return self.script.answer("CompareVersions", request, context, usual)


def comparison_message() -> experiment_pb2.CompareVersionsResponse:
    message = experiment_pb2.CompareVersionsResponse(baseline_version=1)
    stable = message.versions.add(
        model_version=1, answer_count=19_000, user_count=950, success_count=2100
    )
    stable.success_rate.CopyFrom(experiment_pb2.Estimate(value=0.1, low=0.09, high=0.11))
    stable.value.CopyFrom(experiment_pb2.Estimate(value=0.25, low=0.2, high=0.3))
    canary = message.versions.add(
        model_version=2, answer_count=1000, user_count=1, success_count=150, p_value=0.03125
    )
    unknown = experiment_pb2.Estimate(value=0.15, low=float("-inf"), high=float("inf"))
    canary.success_rate.CopyFrom(unknown)
    canary.value.CopyFrom(experiment_pb2.Estimate(value=0.375, low=0.25, high=0.5))
    canary.difference.CopyFrom(experiment_pb2.Estimate(value=0.05, low=0.01, high=0.09))
    shadow = message.versions.add(model_version=3)
    for method, effective in (("IPS", 42.5), ("SNIPS", 42.5), ("DR", 142.5)):
        estimate = shadow.off_policy.add(
            method=experiment_pb2.OffPolicyMethod.Value(f"OFF_POLICY_METHOD_{method}"),
            answer_count=5000,
            effective_answer_count=effective,
        )
        estimate.value.CopyFrom(experiment_pb2.Estimate(value=0.5, low=0.25, high=0.75))
    return message


class FakeEvents(event_pb2_grpc.EventServiceServicer):
    """Tells what it is given to tell."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.pieces: list[event_pb2.TailEventsResponse | Failure | None] = []
        """What is still to be told; a failure breaks the stream, None ends it."""

    def TailEvents(self, request: Any, context: Any) -> Any:
        copy = event_pb2.TailEventsRequest()
        copy.CopyFrom(request)
        self.script.requests["TailEvents"].append(copy)
        while self.pieces:
            piece = self.pieces.pop(0)
            if piece is None:
                return
            if isinstance(piece, Failure):
                piece.abort(context)
            yield piece
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "nothing more is told")


def piece_message(position: int, *events: recommender_pb2.Event) -> event_pb2.TailEventsResponse:
    """Events that end at a position."""
    first = position - len(events) + 1
    return event_pb2.TailEventsResponse(
        events=[
            event_pb2.LoggedEvent(log_position=first + place, event=event)
            for place, event in enumerate(events)
        ],
        log_position=position,
    )


class FakeHealth(health_pb2_grpc.HealthServicer):
    """Serving, with a warm model."""

    def __init__(self, script: Script) -> None:
        self.script = script

    def Check(self, request: Any, context: Any) -> Any:
        return self.script.answer("Check", request, context, self._check)

    def _check(self, request: Any) -> Message:
        return health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING)


class FakeServer:
    """The services on a port that the system picks, or on a given address.

    Args:
        address: Where to listen; port 0 lets the system pick one.
        credentials: For TLS.
    """

    def __init__(
        self,
        address: str = "127.0.0.1:0",
        credentials: grpc.ServerCredentials | None = None,
    ) -> None:
        self.script = Script()
        self.recommender = FakeRecommender(self.script)
        self._server = grpc.server(
            futures.ThreadPoolExecutor(16), options=[("grpc.so_reuseport", 0)]
        )
        recommender_pb2_grpc.add_RecommenderServiceServicer_to_server(
            self.recommender, self._server
        )
        model_pb2_grpc.add_ModelServiceServicer_to_server(FakeModels(self.script), self._server)
        self.catalogue = FakeCatalogue(self.script)
        catalog_pb2_grpc.add_CatalogServiceServicer_to_server(self.catalogue, self._server)
        experiment_pb2_grpc.add_ExperimentServiceServicer_to_server(
            FakeExperiments(self.script), self._server
        )
        self.training = FakeTraining(self.script)
        training_pb2_grpc.add_TrainingServiceServicer_to_server(self.training, self._server)
        self.events = FakeEvents(self.script)
        event_pb2_grpc.add_EventServiceServicer_to_server(self.events, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(FakeHealth(self.script), self._server)
        if credentials is None:
            port = self._server.add_insecure_port(address)
        else:
            port = self._server.add_secure_port(address, credentials)
        self.address = f"localhost:{port}"

    def __enter__(self) -> "FakeServer":
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(grace=None).wait()
