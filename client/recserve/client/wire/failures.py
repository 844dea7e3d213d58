"""Failed calls as errors of the SDK."""

import contextlib
from collections.abc import Mapping
from typing import TypeVar, cast

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, Message
from google.rpc import error_details_pb2, status_pb2

from recserve.client import errors
from recserve.client.errors import (
    InvalidArgument,
    RecserveError,
    ResourceExhausted,
    Unavailable,
    UnknownFailure,
    Violation,
)

Detail = TypeVar("Detail", bound=Message)

_DETAILS_KEY = "grpc-status-details-bin"

_CLASSES: Mapping[str, type[RecserveError]] = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, RecserveError) and kind.code
}


def error_from(failure: grpc.RpcError, address: str) -> RecserveError:
    """The error that a failed call is raised as.

    Args:
        failure: What gRPC raised.
        address: Where the call went, for the message.
    """
    status = cast("grpc.Call", failure)
    details = _details(status)
    error = _error(status, details, address)
    error.request_id = _first(details, error_details_pb2.RequestInfo).request_id
    return error


def _error(status: grpc.Call, details: list[AnyMessage], address: str) -> RecserveError:
    code, text = status.code().name, status.details() or ""
    info = _first(details, error_details_pb2.ErrorInfo)
    reason, metadata = info.reason, dict(info.metadata)
    kind = _CLASSES.get(code, UnknownFailure)
    if kind is InvalidArgument:
        return InvalidArgument(
            text, reason=reason, metadata=metadata, violations=_violations(details)
        )
    if kind is ResourceExhausted:
        return ResourceExhausted(
            text, reason=reason, metadata=metadata, retry_after=_retry_after(details)
        )
    if kind is Unavailable and not reason:
        text = _unreachable(address, text)
    return kind(text or f"the call failed with {code}", reason=reason, metadata=metadata)


def _unreachable(address: str, text: str) -> str:
    # Servers of recserve give a reason; without one it was gRPC that found nobody.
    return f"no answer from {address}; is `recserve-server serve` running there? ({text})"


def _details(status: grpc.Call) -> list[AnyMessage]:
    for key, value in status.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                return list(status_pb2.Status.FromString(value).details)
            except DecodeError:  # a proxy's; code and text are still good
                return []
    return []


def _first(details: list[AnyMessage], kind: type[Detail]) -> Detail:
    """The first detail of a kind; an empty one if there is none, or it is damaged."""
    found = kind()
    for detail in details:
        if detail.TypeName() == kind.DESCRIPTOR.full_name:
            with contextlib.suppress(DecodeError):
                detail.Unpack(found)
            break
    return found


def _violations(details: list[AnyMessage]) -> list[Violation]:
    bad_request = _first(details, error_details_pb2.BadRequest)
    return [Violation(each.field, each.description) for each in bad_request.field_violations]


def _retry_after(details: list[AnyMessage]) -> float | None:
    retry_info = _first(details, error_details_pb2.RetryInfo)
    if not retry_info.HasField("retry_delay"):
        return None
    return float(retry_info.retry_delay.ToTimedelta().total_seconds())
