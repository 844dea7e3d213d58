"""What servicers rely on in a transport: deadlines, cancellation, streams, statuses, reflection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from recserve.v1 import recommender_pb2, recommender_pb2_grpc
from server.front_end.conftest import make_transport_named

pb = recommender_pb2
SECONDS = 20


class Servicer(recommender_pb2_grpc.RecommenderServiceServicer):
    """Does what the user id says."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.remaining: list[float | None] = []

    async def Recommend(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.remaining.append(context.time_remaining())
        match request.user_id:
            case "wait":
                self.begun.set()
                try:
                    await asyncio.sleep(600)
                except asyncio.CancelledError:
                    self.cancelled.set()
                    raise
            case "set_code":
                context.set_code(grpc.StatusCode.DATA_LOSS)
                context.set_details("lost")
            case "thread":
                await asyncio.to_thread(lambda: None)
            case "big":
                return pb.RecommendResponse(recommendation_id="x" * 5_000_000)
        return pb.RecommendResponse(model_version=7)


class Streams(health_pb2_grpc.HealthServicer):
    """Streams without end, or with a bad one."""

    def __init__(self) -> None:
        self.open = 0
        self.all_closed = asyncio.Event()

    async def Watch(self, request: Any, context: Any) -> Any:  # noqa: ARG002, N802
        self.open += 1
        try:
            answer = health_pb2.HealthCheckResponse(status=1)
            if request.service == "fail":
                yield answer
                raise RuntimeError("the secret of ann")
            if request.service == "three":
                for status in range(3):
                    yield health_pb2.HealthCheckResponse(status=status)  # type: ignore[arg-type]
                return
            if request.service == "none":
                return
            answer.MergeFromString(b"\xfa\x01\x80\x80\x04" + b"x" * 65536)  # an unknown field
            while True:
                yield answer
                await asyncio.sleep(0)
        finally:
            self.open -= 1
            if not self.open:
                self.all_closed.set()


@pytest.fixture
async def servicer() -> Servicer:
    return Servicer()


@pytest.fixture
async def streams() -> Streams:
    return Streams()


@pytest.fixture
async def address(transport_name: Any, servicer: Servicer, streams: Streams) -> AsyncIterator[str]:
    def add(server: Any) -> None:
        recommender_pb2_grpc.add_RecommenderServiceServicer_to_server(servicer, server)
        health_pb2_grpc.add_HealthServicer_to_server(streams, server)
        reflection.enable_server_reflection(
            ("recserve.v1.RecommenderService", reflection.SERVICE_NAME), server
        )

    transport = make_transport_named(transport_name, add)
    yield f"127.0.0.1:{await transport.start('127.0.0.1:0')}"
    await transport.stop(0)


@asynccontextmanager
async def calling(address: str, **options: Any) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(address, **options) as channel:
        yield recommender_pb2_grpc.RecommenderServiceStub(channel)


def asking(user_id: str) -> pb.RecommendRequest:
    return pb.RecommendRequest(user_id=user_id)


async def code_of(call: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code()


async def test_the_deadline_is_known_and_none_is_none(address: str, servicer: Servicer) -> None:
    async with calling(address) as stub:
        await stub.Recommend(asking("x"), timeout=30)
        await stub.Recommend(asking("x"))
    limited, unlimited = servicer.remaining
    assert limited is not None
    assert 10 < limited < 31  # gRPC rounds it up on the wire
    assert unlimited is None


async def test_a_deadline_that_passes_cancels_the_handler(address: str, servicer: Servicer) -> None:
    async with calling(address) as stub:
        code = await code_of(stub.Recommend(asking("wait"), timeout=0.2))
        assert code == grpc.StatusCode.DEADLINE_EXCEEDED
        if servicer.begun.is_set():  # a slow machine may have lost the call on the way
            await asyncio.wait_for(servicer.cancelled.wait(), SECONDS)


async def test_a_caller_who_leaves_cancels_the_handler(address: str, servicer: Servicer) -> None:
    async with calling(address) as stub:
        call = asyncio.ensure_future(_result(stub.Recommend(asking("wait"))))
        await asyncio.wait_for(servicer.begun.wait(), SECONDS)
        call.cancel()
        await asyncio.wait_for(servicer.cancelled.wait(), SECONDS)
        assert (await stub.Recommend(asking("x"), timeout=SECONDS)).model_version == 7


async def test_a_caller_whose_connection_breaks_cancels_the_handler(
    address: str, servicer: Servicer
) -> None:
    async with calling(address) as stub:
        call = asyncio.ensure_future(_result(stub.Recommend(asking("wait"))))
        await asyncio.wait_for(servicer.begun.wait(), SECONDS)
    await asyncio.wait_for(servicer.cancelled.wait(), SECONDS)
    call.cancel()


async def _result(call: Any) -> Any:
    return await call


async def test_a_code_that_is_set_ends_the_call_with_it(address: str) -> None:
    async with calling(address) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Recommend(asking("set_code"), timeout=SECONDS)
    assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.DATA_LOSS, "lost")


async def test_a_large_answer_arrives_whole(address: str) -> None:
    options = [("grpc.max_receive_message_length", -1)]
    async with calling(address, options=options) as stub:
        answer = await stub.Recommend(asking("big"), timeout=SECONDS)
    assert len(answer.recommendation_id) == 5_000_000


async def test_compressed_requests_are_read(address: str) -> None:
    async with calling(address, compression=grpc.Compression.Gzip) as stub:
        answer = await stub.Recommend(asking("x" * 10_000), timeout=SECONDS)
    assert answer.model_version == 7


@pytest.mark.parametrize(("service", "statuses"), [("three", [0, 1, 2]), ("none", [])])
async def test_a_stream_has_its_messages_and_its_end(
    address: str, service: str, statuses: list[int]
) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        call = health_pb2_grpc.HealthStub(channel).Watch(
            health_pb2.HealthCheckRequest(service=service), timeout=SECONDS
        )
        assert [answer.status async for answer in call] == statuses
        assert await call.code() == grpc.StatusCode.OK


async def test_an_exception_within_a_stream_tells_nothing_of_the_inside(address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        call = health_pb2_grpc.HealthStub(channel).Watch(
            health_pb2.HealthCheckRequest(service="fail"), timeout=SECONDS
        )
        with structlog.testing.capture_logs() as logs, pytest.raises(grpc.RpcError) as caught:
            assert [answer.status async for answer in call] == [1]
    assert await call.code() == grpc.StatusCode.INTERNAL
    assert "secret" not in repr(caught.value)
    assert "secret of ann" in repr(logs)


async def test_callers_who_do_not_read_hold_up_nobody(address: str, streams: Streams) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service="endless")
        calls = [stub.Watch(request) for _ in range(50)]
        for call in calls:
            await call.read()
        async with calling(address) as other:
            for _ in range(5):  # a thread is free for them too
                await other.Recommend(asking("thread"), timeout=SECONDS)
        assert streams.open == len(calls)
        for call in calls:
            call.cancel()
        await asyncio.wait_for(streams.all_closed.wait(), SECONDS)


async def test_unknown_methods_and_services_are_unimplemented(address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        for path in ("/recserve.v1.RecommenderService/Nothing", "/nobody.Nothing/Do"):
            code = await code_of(channel.unary_unary(path)(b"", timeout=SECONDS))
            assert code == grpc.StatusCode.UNIMPLEMENTED
            call = channel.stream_stream(path)(iter([b""]), timeout=SECONDS)
            assert await call.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_reflection_is_answered(address: str) -> None:
    def services() -> list[str]:
        with grpc.insecure_channel(address) as channel:
            return list(ProtoReflectionDescriptorDatabase(channel).get_services())

    found = await asyncio.to_thread(services)
    assert sorted(found) == [reflection.SERVICE_NAME, "recserve.v1.RecommenderService"]
