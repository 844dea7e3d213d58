"""A real gRPC server on a loopback port, whose services do what a test scripts."""

# ruff: noqa: N802, ARG002 - the methods' names and arguments are those of the generated classes

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent import futures
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from recserve.v1 import model_pb2, model_pb2_grpc, recommender_pb2, recommender_pb2_grpc

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

    def Feedback(self, request: Any, context: Any) -> Any:
        return self.script.answer("Feedback", request, context, self._store)

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
