"""From the errors of the domain to gRPC statuses with google.rpc details: the only such place."""

from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.rpc import error_details_pb2, status_pb2

from recserve.server import logs, metrics, request_id
from recserve.server.errors import (
    Aborted,
    DeadlineExpired,
    FailedPrecondition,
    InvalidRequest,
    NotFound,
    NotImplementedYet,
    Overloaded,
    RecserveServerError,
    Unavailable,
    Violation,
)

DOMAIN = "recserve"
CODES: dict[type[BaseException], grpc.StatusCode] = {
    InvalidRequest: grpc.StatusCode.INVALID_ARGUMENT,
    NotFound: grpc.StatusCode.NOT_FOUND,
    FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    Aborted: grpc.StatusCode.ABORTED,
    NotImplementedYet: grpc.StatusCode.UNIMPLEMENTED,
    DeadlineExpired: grpc.StatusCode.DEADLINE_EXCEEDED,
    Overloaded: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
    NotImplementedError: grpc.StatusCode.UNIMPLEMENTED,  # raised by generated servicers
}
MAX_DETAIL_BYTES = 4096
"""Of violations: trailers share 8 KiB, after which stock clients drop the whole status."""
MAX_MESSAGE_BYTES = 512
_INTERNAL = "something went wrong inside the server; its log has the details"
_NOT_YET = "this release does not implement the method"


def status_code(error: BaseException) -> grpc.StatusCode:
    """The code that an error is answered with."""
    for kind in type(error).__mro__:
        if kind in CODES:
            return CODES[kind]
    return grpc.StatusCode.INTERNAL


class Status(NamedTuple):
    """How a call ends."""

    code: grpc.StatusCode
    message: str
    trailers: tuple[tuple[str, str | bytes], ...]


def status_of(error: Exception) -> Status:
    """What the caller is told of an error."""
    code, message = status_code(error), _message(error)
    status = status_pb2.Status(code=code.value[0], message=message)
    current = request_id.current.get()
    details = _details(error)
    if current:
        details.append(error_details_pb2.RequestInfo(request_id=current))
    for detail in details:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    trailers: list[tuple[str, str | bytes]] = [
        ("grpc-status-details-bin", status.SerializeToString())
    ]
    if current:
        trailers.append((request_id.KEY, current))
    return Status(code, message, tuple(trailers))


async def abort(context: Any, error: Exception) -> NoReturn:
    """End a call with an error's status. What is not ours to tell stays in the log."""
    status = status_of(error)
    log = logs.get("calls")
    if status.code is grpc.StatusCode.INTERNAL:
        log.error("unexpected exception", exc_info=error)
    else:
        log.debug("call refused", code=status.code.name, reason=getattr(error, "reason", ""))
    if isinstance(error, Overloaded):
        metrics.SHED.labels(error.reason.lower()).inc()
    await context.abort(*status)
    raise AssertionError("abort returned")


def _message(error: Exception) -> str:
    if isinstance(error, RecserveServerError):
        return _shortened(error.message, MAX_MESSAGE_BYTES)
    return _NOT_YET if isinstance(error, NotImplementedError) else _INTERNAL


def _details(error: Exception) -> list[Any]:
    if not isinstance(error, RecserveServerError):
        reason = "NOT_IMPLEMENTED_YET" if isinstance(error, NotImplementedError) else "INTERNAL"
        return [error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN)]
    metadata = {name: _shortened(value, 64) for name, value in error.metadata.items()}
    details: list[Any] = [
        error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=metadata)
    ]
    if isinstance(error, InvalidRequest):
        details.append(_bad_request(error.violations))
    if isinstance(error, Overloaded):
        delay = duration_pb2.Duration()
        delay.FromNanoseconds(int(error.retry_after_seconds * 1e9))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    return details


def _bad_request(violations: Sequence[Violation]) -> error_details_pb2.BadRequest:
    bad = error_details_pb2.BadRequest()
    for number, violation in enumerate(violations):
        if bad.ByteSize() > MAX_DETAIL_BYTES:
            more = f"and {len(violations) - number} more violations"
            bad.field_violations.add(field="…", description=more)
            break
        bad.field_violations.add(
            field=_shortened(violation.field, 256),
            description=_shortened(violation.description, 256),
        )
    return bad


def _shortened(text: str, limit: int) -> str:
    data = text.encode()
    return text if len(data) <= limit else data[: limit - 3].decode(errors="ignore") + "…"
