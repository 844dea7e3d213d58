"""What health checkers hear, each of them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from recserve.server.front_end.servicers.health import HealthServicer
from recserve.server.front_end.transports.contract import Transport
from server.front_end.conftest import make_transport_named

Response = health_pb2.HealthCheckResponse


@pytest.fixture
def health() -> HealthServicer:
    health = HealthServicer()
    health.set("", serving=True)
    return health


@pytest.fixture
async def transport(transport_name: Any, health: HealthServicer) -> Transport:
    return make_transport_named(
        transport_name,
        lambda server: health_pb2_grpc.add_HealthServicer_to_server(health, server),
    )


@pytest.fixture
async def stub(transport: Transport) -> AsyncIterator[Any]:
    port = await transport.start("127.0.0.1:0")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield health_pb2_grpc.HealthStub(channel)
    await transport.stop(0)


def watch(stub: Any, service: str = "") -> Any:
    return stub.Watch(health_pb2.HealthCheckRequest(service=service), timeout=60)


async def heard(call: Any) -> str:
    return str(Response.ServingStatus.Name((await call.read()).status))


async def test_a_watcher_hears_of_the_stop_although_another_has_left(
    stub: Any, health: HealthServicer
) -> None:
    leaving, staying = watch(stub), watch(stub)
    assert [await heard(leaving), await heard(staying)] == ["SERVING", "SERVING"]
    leaving.cancel()
    third = watch(stub)  # once it is answered, the server knows of the one that left
    assert await heard(third) == "SERVING"
    health.drain()
    assert [await heard(staying), await heard(third)] == ["NOT_SERVING", "NOT_SERVING"]


async def test_a_watcher_of_an_unknown_service_hears_when_it_comes(
    stub: Any, health: HealthServicer
) -> None:
    call = watch(stub, "later")
    assert await heard(call) == "SERVICE_UNKNOWN"
    health.set("later", serving=True)
    assert await heard(call) == "SERVING"


async def test_nothing_is_well_again_once_the_server_drains(
    stub: Any, health: HealthServicer
) -> None:
    health.drain()
    health.set("", serving=True)
    answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=20)
    assert answer.status == Response.NOT_SERVING


async def test_a_watcher_does_not_hold_up_the_stop(stub: Any, transport: Transport) -> None:
    call = watch(stub)
    assert await heard(call) == "SERVING"
    await asyncio.wait_for(transport.stop(600), timeout=60)
