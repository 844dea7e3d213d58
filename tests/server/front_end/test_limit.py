"""Calls beyond what can be under way are refused at the door, and nothing else is."""

import asyncio
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from recserve.server import metrics
from recserve.server.front_end.calls.limit import LIMITED, CallLimit
from recserve.server.front_end.transports.choice import Choice
from recserve.server.front_end.transports.making import make_transport
from recserve.v1 import recommender_pb2, recommender_pb2_grpc
from server.front_end.wire import Refusal

MOST = 3


def test_only_calls_that_need_an_engine_are_refused_and_only_above_the_number() -> None:
    limit = CallLimit(MOST)
    assert limit.refusal(LIMITED[0], MOST - 1) is None
    assert limit.refusal("/recserve.v1.RecommenderService/Feedback", 10 * MOST) is None
    refusal = limit.refusal(LIMITED[0], MOST)
    assert refusal is not None
    assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED


class Waiting(recommender_pb2_grpc.RecommenderServiceServicer, health_pb2_grpc.HealthServicer):
    """Recommend waits until it is let; all else answers at once."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.begun = asyncio.Semaphore(0)

    async def Recommend(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        self.begun.release()
        await self.go.wait()
        return recommender_pb2.RecommendResponse(model_version=7)

    async def Feedback(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return recommender_pb2.FeedbackResponse(accepted_count=1)

    async def Check(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        return health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVING)


@pytest.mark.parametrize("transport", ["grpcio", "native"])
async def test_while_too_many_wait_the_next_are_refused_and_feedback_and_health_go_on(
    transport: Any,
) -> None:
    servicer = Waiting()

    def add(server: Any) -> None:
        recommender_pb2_grpc.add_RecommenderServiceServicer_to_server(servicer, server)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)

    shed = metrics.SHED.labels("too_many_calls")._value
    before = shed.get()
    server = make_transport(Choice(transport, ""), add, CallLimit(MOST))
    port = await server.start("127.0.0.1:0")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = recommender_pb2_grpc.RecommenderServiceStub(channel)
        request = recommender_pb2.RecommendRequest(user_id="ann")
        waiting = [asyncio.ensure_future(_call(stub, request)) for _ in range(MOST)]
        for _ in range(MOST):
            await servicer.begun.acquire()
        for _ in range(2):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.Recommend(request)
            assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            told = Refusal.of(refused.value)
            assert told.reason == "TOO_MANY_CALLS"
            assert told.retry_seconds == 0.2
        assert shed.get() == before + 2
        assert (await stub.Feedback(recommender_pb2.FeedbackRequest())).accepted_count == 1
        await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
        servicer.go.set()
        assert [(await call).model_version for call in waiting] == [7] * MOST
        assert (await stub.Recommend(request)).model_version == 7
    await server.stop(1.0)


async def _call(stub: Any, request: Any) -> Any:
    return await stub.Recommend(request)
