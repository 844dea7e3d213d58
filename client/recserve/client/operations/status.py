"""Health, and what is serving."""

# ruff: noqa: D417 - `session` is not of the clients' methods, which show these docstrings

from recserve.client.errors import DeadlineExceeded, NotFound, RecserveError, Unavailable
from recserve.client.model_version import ModelVersionState
from recserve.client.operations.call import call
from recserve.client.operations.effects import Operation, Pause
from recserve.client.operations.models import models
from recserve.client.server_status import Health, ServerStatus
from recserve.client.session import Session
from recserve.client.settings import RetryPolicy

_MODEL_SERVICE = "recserve.model"
_SECONDS_BETWEEN_LOOKS = 0.25


def status(session: Session, *, timeout: float | None = None) -> Operation[ServerStatus]:
    """Says how the server stands: its health, its model's, and the serving versions.

    Args:
        timeout: Seconds for each of the three calls. Default: `Settings.read_timeout`.

    Raises:
        Unavailable: Nothing answers at the address.
        RecserveError: The call failed otherwise.
    """
    whole = yield from health(session, timeout=timeout)
    model_health = yield from health(session, _MODEL_SERVICE, timeout=timeout)
    try:
        versions = yield from models(session, timeout=timeout)
    except RecserveError as error:  # the health is an answer still
        return ServerStatus(whole, model_health, error=str(error))
    serving = tuple(one for one in versions if one.state == ModelVersionState.SERVING)
    return ServerStatus(whole, model_health, serving)


def health(
    session: Session, service: str = "", *, wait: float = 0.0, timeout: float | None = None
) -> Operation[Health]:
    """Says whether a service answers.

    Args:
        service: Empty: the server as a whole. "recserve.model": a warm model version.
        wait: Seconds to wait for `Health.SERVING`, a server that is yet to start included.
        timeout: Seconds for each call. Default: `Settings.read_timeout`.

    Returns:
        The health; after the wait, the last one seen.

    Raises:
        Unavailable: Nothing answers at the address, after the wait.
        RecserveError: The call failed otherwise.
    """
    seconds = session.settings.read_timeout if timeout is None else timeout
    give_up_at = session.clock.monotonic() + wait
    while True:
        is_last = session.clock.monotonic() + _SECONDS_BETWEEN_LOOKS >= give_up_at
        try:
            seen = yield from _check(session, service, seconds)
        except (Unavailable, DeadlineExceeded):
            if is_last:
                raise
        else:
            if is_last or seen is Health.SERVING:
                return seen
        yield Pause(_SECONDS_BETWEEN_LOOKS)


def _check(session: Session, service: str, timeout: float) -> Operation[Health]:
    from grpc_health.v1 import health_pb2

    from recserve.client.wire.health import health_from

    request = health_pb2.HealthCheckRequest(service=service)
    ask_once = RetryPolicy(max_attempts=1)  # how it is now, not how it will be
    try:
        response = yield from call(
            session, lambda stubs: stubs.check_health, request, timeout, ask_once
        )
    except NotFound:  # how the health protocol says that it does not know the name
        return Health.SERVICE_UNKNOWN
    return health_from(response)
