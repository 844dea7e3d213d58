"""Every call has an id: in its trailers, in its error, and in what the server logs of it."""

import json
import logging

import grpc
import pytest
import structlog
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from recserve.client import Client, InvalidArgument
from recserve.server import logs, request_id
from recserve.server.testing import InMemoryServer
from recserve.v1 import recommender_pb2, recommender_pb2_grpc

ASKED = recommender_pb2.RecommendRequest(user_id="u1", num_results=2)


@pytest.fixture(scope="module")
def stub(shop: InMemoryServer):
    with grpc.insecure_channel(shop.address) as channel:
        yield recommender_pb2_grpc.RecommenderServiceStub(channel)


def trailing_id(stub, *sent: tuple[str, str]) -> str:
    _, call = stub.Recommend.with_call(ASKED, metadata=sent)
    return dict(call.trailing_metadata())[request_id.KEY]


def test_an_id_that_the_caller_sends_comes_back(stub) -> None:
    assert trailing_id(stub, (request_id.KEY, "checkout:42/a")) == "checkout:42/a"


@pytest.mark.parametrize(
    "mad", ["", "a b", 'x"}', "-rf", "é".encode().decode("latin-1"), "a" * 129]
)
def test_an_id_that_could_break_a_log_line_is_replaced(mad: str) -> None:
    assert request_id.begin([(request_id.KEY, mad)]) not in ("", mad)


def test_the_longest_id_is_taken() -> None:
    assert request_id.begin([(request_id.KEY, "a" * request_id.MAX_LENGTH)]) == "a" * 128


def test_bytes_are_no_id() -> None:
    assert request_id.begin([(request_id.KEY, b"abc")]) not in ("", b"abc")


def test_each_call_without_an_id_gets_one_of_its_own(stub) -> None:
    assert len({trailing_id(stub) for _ in range(20)}) == 20


def test_an_error_names_the_call_in_its_details_and_trailers(stub) -> None:
    with pytest.raises(grpc.RpcError) as failed:
        stub.Recommend(
            recommender_pb2.RecommendRequest(user_id=""), metadata=[(request_id.KEY, "q-7")]
        )
    status = rpc_status.from_call(failed.value)
    assert status is not None
    infos = [each for each in status.details if each.Is(error_details_pb2.RequestInfo.DESCRIPTOR)]
    info = error_details_pb2.RequestInfo()
    assert infos[0].Unpack(info)
    assert info.request_id == "q-7"
    assert dict(failed.value.trailing_metadata())[request_id.KEY] == "q-7"


def test_an_error_of_the_sdk_says_which_call_it_was(shop: InMemoryServer) -> None:
    with Client(shop.address) as client, pytest.raises(InvalidArgument) as failed:
        client.recommend("", num_results=1)
    assert failed.value.request_id != ""


def test_a_log_line_of_a_call_carries_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    try:
        logs.configure(process="front-end", level="info", log_format="json")
        begun = request_id.begin([(request_id.KEY, "q-8")])
        logs.get("calls").error("unexpected exception")
        request_id.current.set("")
        logs.get("calls").error("outside of calls")
        inside, outside = map(json.loads, capsys.readouterr().err.splitlines())
    finally:
        structlog.configure(**before)
        logging.getLogger("grpc").setLevel(logging.NOTSET)
    assert (begun, inside["request_id"]) == ("q-8", "q-8")
    assert "request_id" not in outside
    assert inside["process"] == outside["process"] == "front-end"
