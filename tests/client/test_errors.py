import pickle
import socket

import grpc
import pytest

from client.fake_server import Failure, bad_request, error_info, retry_info
from recserve.client import (
    Aborted,
    DeadlineExceeded,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    RecserveError,
    ResourceExhausted,
    RetryPolicy,
    Settings,
    Unauthenticated,
    Unavailable,
    Unimplemented,
    UnknownFailure,
    Violation,
    errors,
)

ONCE = Settings(retry=RetryPolicy(max_attempts=1))


@pytest.mark.parametrize(
    "kind",
    [
        Aborted,
        FailedPrecondition,
        Internal,
        InvalidArgument,
        NotFound,
        PermissionDenied,
        ResourceExhausted,
        Unauthenticated,
        Unavailable,
        Unimplemented,
        UnknownFailure,
    ],
)
def test_each_code_is_its_class_with_reason_and_metadata(make_client, script, kind):
    info = error_info("THE_REASON", limit="8")
    script.then("Recommend", Failure(grpc.StatusCode[kind.code], "the message", [info]))
    with pytest.raises(kind) as caught:
        make_client(settings=ONCE).recommend("u")
    assert str(caught.value) == "the message"
    assert caught.value.reason == "THE_REASON"
    assert caught.value.metadata == {"limit": "8"}


def test_every_grpc_code_but_ok_has_a_class():
    classes = [one for one in vars(errors).values() if isinstance(one, type)]
    codes = {one.code for one in classes if issubclass(one, RecserveError) and one.code}
    assert codes == {code.name for code in grpc.StatusCode} - {"OK"}


def test_wrong_fields_are_violations(client, script):
    details = [
        error_info("INVALID_REQUEST"),
        bad_request(num_results="must be 1 to 1000", user_id="must not be empty"),
    ]
    script.then("Recommend", Failure(grpc.StatusCode.INVALID_ARGUMENT, "2 fields", details))
    with pytest.raises(InvalidArgument) as caught:
        client.recommend("u")
    assert caught.value.violations == (
        Violation("num_results", "must be 1 to 1000"),
        Violation("user_id", "must not be empty"),
    )


def test_an_overloaded_server_says_when_to_come_back(make_client, script):
    details = [error_info("OVER_CAPACITY"), retry_info(0.25)]
    script.then("Recommend", Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, details=details))
    with pytest.raises(ResourceExhausted) as caught:
        make_client(settings=ONCE).recommend("u")
    assert caught.value.retry_after == 0.25


def test_a_refused_connection_says_where_and_what_to_do(make_client):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"localhost:{closed.getsockname()[1]}"
    with pytest.raises(Unavailable) as caught:
        make_client(address).recommend("u")
    assert f"no answer from {address}" in str(caught.value)
    assert "is `recserve-server serve` running there?" in str(caught.value)


def test_no_answer_in_time_is_deadline_exceeded(client, script):
    script.then("Recommend", Failure(grpc.StatusCode.DEADLINE_EXCEEDED, "too late"))
    with pytest.raises(DeadlineExceeded, match="too late"):
        client.recommend("u")


@pytest.mark.parametrize("damaged", [b"\xff\xff", b""])
def test_damaged_details_of_a_proxy_leave_code_and_message(client, script, damaged):
    from google.protobuf.any_pb2 import Any as AnyMessage

    class Damaged(Failure):
        def abort(self, context):
            holder = AnyMessage(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=damaged)
            context.set_trailing_metadata(
                [("grpc-status-details-bin", damaged or b"\x1a" + holder.SerializeToString())]
            )
            context.abort(grpc.StatusCode.NOT_FOUND, "no such version")

    script.then("Recommend", Damaged(grpc.StatusCode.NOT_FOUND))
    with pytest.raises(NotFound, match="no such version") as caught:
        client.recommend("u")
    assert caught.value.reason == ""


def test_errors_survive_pickling_between_processes():
    error = InvalidArgument("wrong", reason="R", violations=[Violation("a", "b")])
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (str(copy), copy.reason, copy.violations) == ("wrong", "R", error.violations)
