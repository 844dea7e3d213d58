"""One call, with its deadline and its retries."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

import grpc

from recserve.client.errors import DeadlineExceeded, RecserveError
from recserve.client.operations.effects import Invoke, Operation, Pause
from recserve.client.session import Session
from recserve.client.settings import RetryPolicy, check_timeout

if TYPE_CHECKING:
    from recserve.client.wire.stubs import Stubs

Request = TypeVar("Request")
Response = TypeVar("Response")


def call(
    session: Session,
    method: "Callable[[Stubs], grpc.UnaryUnaryMultiCallable[Request, Response]]",
    request: Request,
    timeout: float,
    retry: RetryPolicy | None = None,
) -> Operation[Response]:
    """Calls a method until it succeeds, fails for good, or the deadline is near.

    Args:
        session: The client's session.
        method: Which method, as an attribute of the stubs.
        request: The request; the same in each attempt, idempotency keys included.
        timeout: Seconds for all attempts and the waits between them.
        retry: When to try again. Default: as the settings say.

    Returns:
        The response.

    Raises:
        RecserveError: What the last attempt met.
    """
    policy = retry or session.settings.retry
    deadline = session.clock.monotonic() + check_timeout("timeout", timeout)
    attempt, earlier = 1, None
    with session.tracing.call(request) as span:
        while True:
            session.check_open()
            remaining = deadline - session.clock.monotonic()
            try:
                invoke = Invoke(method, request, remaining, span.metadata)
                return cast("Response", (yield invoke))
            except grpc.RpcError as failure:
                error = failure_as_error(failure, session)
                error.attempts = attempt
                span.failed(error)
                delay = policy.delay(error, attempt, session.clock.random())
                if delay is None or session.clock.monotonic() + delay >= deadline:
                    raise error from _cause(error, earlier, failure)
            earlier = error
            yield Pause(delay)
            attempt += 1


def failure_as_error(failure: grpc.RpcError, session: Session) -> RecserveError:
    """The error of the SDK that a failed call means."""
    from recserve.client.wire.failures import error_from

    return error_from(failure, session.address)


def _cause(
    error: RecserveError, earlier: RecserveError | None, failure: grpc.RpcError
) -> Exception:
    # Running out of time is not the cause where an earlier attempt says what is wrong.
    return earlier if isinstance(error, DeadlineExceeded) and earlier else failure
