"""A foreign client: plain generated stubs on a real channel, and errors as they arrive."""

import re
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from recserve.v1 import (
    catalog_pb2,
    catalog_pb2_grpc,
    event_pb2_grpc,
    experiment_pb2,
    experiment_pb2_grpc,
    model_pb2,
    model_pb2_grpc,
    recommender_pb2,
    recommender_pb2_grpc,
    schema_pb2,
    training_pb2,
    training_pb2_grpc,
)

SECONDS = 30
REASON = re.compile(r"[A-Z][A-Z0-9_]{0,62}")


@dataclass(frozen=True)
class Refusal:
    """An error as a caller sees it."""

    code: str
    message: str
    reason: str = ""
    domain: str = ""
    violations: dict[str, str] = field(default_factory=dict)
    """Description by field."""
    retry_seconds: float = 0.0

    @classmethod
    def of(cls, error: grpc.RpcError) -> "Refusal":
        status = rpc_status.from_call(error)
        code, message = error.code().name, error.details() or ""
        if status is None:
            return cls(code, message)
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        violations = {}
        for detail in status.details:
            bad = error_details_pb2.BadRequest()
            if detail.Unpack(bad):
                violations = {each.field: each.description for each in bad.field_violations}
            detail.Unpack(info)
            detail.Unpack(retry)
        seconds = retry.retry_delay.ToNanoseconds() / 1e9
        return cls(code, message, info.reason, info.domain, violations, seconds)

    def check(self) -> None:
        """Every error has an ErrorInfo, and none is of the inside."""
        assert self.code not in ("INTERNAL", "UNKNOWN"), self
        assert self.domain == "recserve", self
        assert REASON.fullmatch(self.reason), self
        assert bool(self.violations) == (self.code == "INVALID_ARGUMENT"), self


class Wire:
    """One caller of a server."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.insecure_channel(address)
        self.recommender = recommender_pb2_grpc.RecommenderServiceStub(self.channel)
        self.models = model_pb2_grpc.ModelServiceStub(self.channel)
        self.training = training_pb2_grpc.TrainingServiceStub(self.channel)
        self.catalogue = catalog_pb2_grpc.CatalogServiceStub(self.channel)
        self.experiments = experiment_pb2_grpc.ExperimentServiceStub(self.channel)
        self.events = event_pb2_grpc.EventServiceStub(self.channel)

    def recommend(self, user_id: str = "ann", **fields: Any) -> recommender_pb2.RecommendResponse:
        request = recommender_pb2.RecommendRequest(user_id=user_id, **fields)
        return self.recommender.Recommend(request, timeout=SECONDS)

    def feedback(
        self, *events: recommender_pb2.Event, **fields: Any
    ) -> recommender_pb2.FeedbackResponse:
        request = recommender_pb2.FeedbackRequest(events=events, **fields)
        return self.recommender.Feedback(request, timeout=SECONDS)

    def put_items(self, *items: catalog_pb2.Item) -> catalog_pb2.UpsertItemsResponse:
        request = catalog_pb2.UpsertItemsRequest(items=items)
        return self.catalogue.UpsertItems(request, timeout=SECONDS)

    def put_users(self, *users: catalog_pb2.User) -> catalog_pb2.UpsertUsersResponse:
        request = catalog_pb2.UpsertUsersRequest(users=users)
        return self.catalogue.UpsertUsers(request, timeout=SECONDS)

    def item(self, item_id: str) -> catalog_pb2.Item:
        request = catalog_pb2.GetItemRequest(item_id=item_id)
        return self.catalogue.GetItem(request, timeout=SECONDS)

    def user(self, user_id: str) -> catalog_pb2.User:
        request = catalog_pb2.GetUserRequest(user_id=user_id)
        return self.catalogue.GetUser(request, timeout=SECONDS)

    def delete_items(self, *item_ids: str) -> int:
        request = catalog_pb2.DeleteItemsRequest(item_ids=item_ids)
        return self.catalogue.DeleteItems(request, timeout=SECONDS).deleted_count

    def delete_user(self, user_id: str) -> catalog_pb2.DeleteUserResponse:
        request = catalog_pb2.DeleteUserRequest(user_id=user_id)
        return self.catalogue.DeleteUser(request, timeout=SECONDS)

    def join_users(self, visitor_id: str, user_id: str) -> catalog_pb2.JoinUsersResponse:
        request = catalog_pb2.JoinUsersRequest(visitor_id=visitor_id, user_id=user_id)
        return self.catalogue.JoinUsers(request, timeout=SECONDS)

    def compare(self, **fields: Any) -> experiment_pb2.CompareVersionsResponse:
        request = experiment_pb2.CompareVersionsRequest(**fields)
        return self.experiments.CompareVersions(request, timeout=SECONDS)

    def send(self, method: str, data: bytes) -> bytes:
        """Send raw bytes to "Service/Method" of ours."""
        return self.channel.unary_unary(f"/recserve.v1.{method}")(data, timeout=SECONDS)

    def close(self) -> None:
        self.channel.close()


def refusal(call: Any, *arguments: Any, **fields: Any) -> Refusal:
    """Make a call that must be refused, and return how."""
    try:
        answer = call(*arguments, **fields)
    except grpc.RpcError as error:
        return Refusal.of(error)
    raise AssertionError(f"not refused: {answer}")


def event(item_id: str = "a", user_id: str = "ann", **fields: Any) -> recommender_pb2.Event:
    """An event that is good unless told otherwise."""
    return recommender_pb2.Event(
        **{"user_id": user_id, "item_id": item_id, "event_type": "click", **fields}
    )


def item(item_id: str = "a", available: bool | None = None, **features: Any) -> catalog_pb2.Item:
    """An item with plain features."""
    values = {name: value_message(value) for name, value in features.items()}
    return catalog_pb2.Item(item_id=item_id, features=values, available=available)


def user(user_id: str = "ann", **features: Any) -> catalog_pb2.User:
    """A user with plain features."""
    values = {name: value_message(value) for name, value in features.items()}
    return catalog_pb2.User(user_id=user_id, features=values)


def value_message(value: Any) -> schema_pb2.FeatureValue:
    if isinstance(value, str):
        return schema_pb2.FeatureValue(text=value)
    if isinstance(value, float):
        return schema_pb2.FeatureValue(number=value)
    return schema_pb2.FeatureValue(strings=schema_pb2.StringList(values=value))


UNARY_METHODS = {
    "RecommenderService/Recommend": recommender_pb2.RecommendRequest,
    "RecommenderService/Feedback": recommender_pb2.FeedbackRequest,
    "RecommenderService/SimilarItems": recommender_pb2.SimilarItemsRequest,
    "RecommenderService/Train": training_pb2.TrainRequest,
    "ModelService/ListModelVersions": model_pb2.ListModelVersionsRequest,
    "ModelService/GetModelVersion": model_pb2.GetModelVersionRequest,
    "ModelService/SetModelLabel": model_pb2.SetModelLabelRequest,
    "ModelService/DeleteModelVersion": model_pb2.DeleteModelVersionRequest,
    "TrainingService/GetTrainingRun": training_pb2.GetTrainingRunRequest,
    "TrainingService/ListTrainingRuns": training_pb2.ListTrainingRunsRequest,
    "TrainingService/CancelTrainingRun": training_pb2.CancelTrainingRunRequest,
    "CatalogService/UpsertItems": catalog_pb2.UpsertItemsRequest,
    "CatalogService/UpsertUsers": catalog_pb2.UpsertUsersRequest,
    "CatalogService/GetItem": catalog_pb2.GetItemRequest,
    "CatalogService/GetUser": catalog_pb2.GetUserRequest,
    "CatalogService/DeleteItems": catalog_pb2.DeleteItemsRequest,
    "CatalogService/DeleteUser": catalog_pb2.DeleteUserRequest,
    "CatalogService/JoinUsers": catalog_pb2.JoinUsersRequest,
    "ExperimentService/CompareVersions": experiment_pb2.CompareVersionsRequest,
}
