"""The generated stubs of one channel."""

from typing import TYPE_CHECKING, TypeAlias

import grpc
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub

from recserve.v1.catalog_pb2_grpc import CatalogServiceStub
from recserve.v1.event_pb2_grpc import EventServiceStub
from recserve.v1.experiment_pb2_grpc import ExperimentServiceStub
from recserve.v1.model_pb2_grpc import ModelServiceStub
from recserve.v1.recommender_pb2_grpc import RecommenderServiceStub
from recserve.v1.training_pb2_grpc import TrainingServiceStub

if TYPE_CHECKING:
    CheckHealth: TypeAlias = grpc.UnaryUnaryMultiCallable[
        health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse
    ]


class Stubs:
    """The services that the SDK calls.

    Typed as for a blocking channel; on an asyncio channel each call is awaited instead.

    Args:
        channel: A blocking or an asyncio channel.
    """

    def __init__(self, channel: grpc.Channel) -> None:
        self.recommender = RecommenderServiceStub(channel)
        self.models = ModelServiceStub(channel)
        self.training = TrainingServiceStub(channel)
        self.catalogue = CatalogServiceStub(channel)
        self.events = EventServiceStub(channel)
        self.experiments = ExperimentServiceStub(channel)
        self.check_health: CheckHealth = HealthStub(channel).Check  # type: ignore[attr-defined] # its types leave it out
