"""A stopping server finishes its calls, and sends new ones elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import pytest

from recserve.server.errors import ConfigurationError
from recserve.server.front_end.transports.contract import Transport
from recserve.v1 import recommender_pb2, recommender_pb2_grpc
from server.front_end.conftest import make_transport_named

pb = recommender_pb2


class Slow(recommender_pb2_grpc.RecommenderServiceServicer):
    """Answers when it is allowed to."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def Recommend(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        self.begun.set()
        await self.may_end.wait()
        return pb.RecommendResponse(model_version=7)


@pytest.fixture
async def slow() -> Slow:
    return Slow()


@pytest.fixture
async def transport(transport_name: Any, slow: Slow) -> Transport:
    return make_transport_named(
        transport_name,
        lambda server: recommender_pb2_grpc.add_RecommenderServiceServicer_to_server(slow, server),
    )


@pytest.fixture
async def stub(transport: Transport) -> AsyncIterator[Any]:
    port = await transport.start("127.0.0.1:0")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield recommender_pb2_grpc.RecommenderServiceStub(channel)
    await transport.stop(0)


def call(stub: Any) -> "asyncio.Future[Any]":
    return asyncio.ensure_future(_wait(stub.Recommend(pb.RecommendRequest(), timeout=20)))


async def _wait(call: Any) -> Any:
    return await call


async def test_the_call_in_flight_is_answered_and_a_new_one_refused(
    stub: Any, slow: Slow, transport: Transport
) -> None:
    first = call(stub)
    await slow.begun.wait()
    stopping = asyncio.ensure_future(transport.stop(20))
    await asyncio.sleep(0)  # it has begun to drain
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call(stub)
    assert not stopping.done()
    slow.may_end.set()
    assert (await first).model_version == 7
    await stopping
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    assert "DRAINING" in str(caught.value.trailing_metadata())


async def test_a_call_that_does_not_end_in_time_is_cut_off(
    stub: Any, slow: Slow, transport: Transport
) -> None:
    endless = call(stub)
    await slow.begun.wait()
    await transport.stop(0.01)
    with pytest.raises((grpc.aio.AioRpcError, asyncio.CancelledError)):
        await endless


async def test_methods_that_generated_code_leaves_open_are_unimplemented(stub: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.Feedback(pb.FeedbackRequest(), timeout=20)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert "NOT_IMPLEMENTED_YET" in str(caught.value.trailing_metadata())


@pytest.mark.parametrize("other", ["grpcio", "native"])
async def test_a_taken_port_is_a_clear_error_and_never_shared(
    transport_name: Any, other: Any
) -> None:
    first = make_transport_named(transport_name, lambda _server: None)
    second = make_transport_named(other, lambda _server: None)
    port = await first.start("127.0.0.1:0")
    with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}.*using the port"):
        await second.start(f"127.0.0.1:{port}")
    await first.stop(0)
    await second.stop(0)
