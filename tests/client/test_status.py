import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckResponse

from client.fake_server import Failure
from recserve.client import Health, Unavailable

NOT_SERVING = HealthCheckResponse(status=HealthCheckResponse.NOT_SERVING)
SERVING = HealthCheckResponse(status=HealthCheckResponse.SERVING)


def test_status_tells_health_and_the_serving_versions(client, script):
    script.then("Check", SERVING, NOT_SERVING)
    status = client.status()
    assert status.health is Health.SERVING
    assert status.model_health is Health.NOT_SERVING
    assert [version.version for version in status.serving] == [2]
    assert [request.service for request in script.requests["Check"]] == ["", "recserve.model"]


def test_a_service_that_the_server_does_not_know_is_told_so(client, script):
    script.then("Check", Failure(grpc.StatusCode.NOT_FOUND))
    assert client.health("no.such.service") is Health.SERVICE_UNKNOWN


def test_health_is_an_answer_even_where_versions_cannot_be_listed(client, script):
    script.then("ListModelVersions", Failure(grpc.StatusCode.INTERNAL, "the store is gone"))
    status = client.status()
    assert status.health is Health.SERVING
    assert status.error == "the store is gone"


def test_health_asks_once(client, script, clock):
    script.then("Check", Failure(grpc.StatusCode.UNAVAILABLE))
    with pytest.raises(Unavailable):
        client.health()
    assert clock.waits == []


def test_health_waits_for_a_server_that_is_yet_to_serve(client, script, clock):
    script.then("Check", Failure(grpc.StatusCode.UNAVAILABLE), NOT_SERVING)
    assert client.health(wait=10) is Health.SERVING
    assert len(script.requests["Check"]) == 3
    assert len(clock.waits) == 2


def test_health_gives_up_after_the_wait(client, script, clock):
    script.then("Check", *[NOT_SERVING] * 100)
    assert client.health(wait=2) is Health.NOT_SERVING
    assert sum(clock.waits) < 2


def test_health_raises_if_nothing_answered_by_the_end_of_the_wait(client, script):
    script.then("Check", *[Failure(grpc.StatusCode.UNAVAILABLE)] * 100)
    with pytest.raises(Unavailable):
        client.health(wait=1)
