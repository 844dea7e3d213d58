"""A stream of the server that is opened anew when it breaks."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc

from recserve.client.errors import DeadlineExceeded, RecserveError, Unavailable
from recserve.client.operations.call import failure_as_error
from recserve.client.operations.effects import Open, Operation, Pause, Receive
from recserve.client.session import Session

if TYPE_CHECKING:
    from recserve.client.wire.stubs import Stubs

LONGEST_STREAM_SECONDS = 300.0
"""After which a stream is opened anew: one whose host has vanished would be silent for ever."""


class TimeIsUp(Exception):
    """The deadline has come, or would before it makes sense to try again."""

    def __init__(self, error: RecserveError | None) -> None:
        super().__init__()
        self.error = error
        """What was met last; None where the stream was merely silent."""


class LastingStream:
    """Messages of a method, over as many streams as it takes.

    Args:
        session: The client's session.
        method: Which method, as an attribute of the stubs.
        request: What each stream is asked for; its owner may change it as messages come.
        deadline: On the session's clock; None: no limit.
    """

    def __init__(
        self,
        session: Session,
        method: "Callable[[Stubs], Callable[..., Any]]",
        request: object,
        deadline: float | None = None,
    ) -> None:
        self._session = session
        self._method = method
        self._request = request
        self._deadline = deadline
        self._retry = dataclasses.replace(session.settings.retry, max_attempts=None)
        self._stream: Any = None
        self._attempt = 1

    def next(self) -> Operation[Any]:
        """Waits for the next message; a new stream may repeat some.

        Raises:
            TimeIsUp: It is.
            RecserveError: Trying again does not help.
        """
        while True:
            self._session.check_open()
            try:
                message = yield from self._receive()
            except grpc.RpcError as failure:
                yield from self._wait(failure_as_error(failure, self._session), failure)
                continue
            if message is not None:
                return message
            yield from self._wait(Unavailable("the stream has ended"))

    def is_news(self) -> None:
        """What came was new: the next failure is the first one."""
        self._attempt = 1

    def close(self) -> None:
        """Lets go of the stream."""
        if self._stream is not None:
            self._stream.cancel()
            self._stream = None

    def _receive(self) -> Operation[Any]:
        if self._stream is None:
            left = self._seconds_left()
            seconds = LONGEST_STREAM_SECONDS if left is None else min(left, LONGEST_STREAM_SECONDS)
            self._stream = yield Open(self._method, self._request, seconds)
        return (yield Receive(self._stream))

    def _wait(self, error: RecserveError, cause: Exception | None = None) -> Operation[None]:
        """Waits until it makes sense to try again."""
        self._stream = None
        left = self._seconds_left()
        if isinstance(error, DeadlineExceeded):
            if left is not None and left <= 0:
                raise TimeIsUp(None) from error
            error = Unavailable("the stream was silent for long")
        delay = self._retry.delay(error, self._attempt, self._session.clock.random())
        if delay is None:
            raise error from cause
        if left is not None and delay >= left:
            raise TimeIsUp(error) from error
        self._attempt += 1
        yield Pause(delay)

    def _seconds_left(self) -> float | None:
        if self._deadline is None:
            return None
        return max(0.0, self._deadline - self._session.clock.monotonic())
