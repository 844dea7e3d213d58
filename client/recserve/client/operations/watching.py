"""Following a training run to its end, over as many streams as it takes."""

import dataclasses
from typing import Any

import grpc

from recserve.client.errors import (
    DeadlineExceeded,
    RecserveError,
    TrainingCancelled,
    TrainingFailed,
    Unavailable,
)
from recserve.client.model_version import ModelVersion
from recserve.client.operations.call import failure_as_error
from recserve.client.operations.effects import Open, Operation, Pause, Receive
from recserve.client.session import Session
from recserve.client.settings import check_timeout
from recserve.client.training_run_status import TrainingRunState, TrainingRunStatus

LONGEST_STREAM_SECONDS = 300.0
"""After which a stream is opened anew: one whose host has vanished would be silent for ever."""


class Watch:
    """One follower of a run.

    A stream that breaks, as when the server starts again, is opened anew until the run has ended
    or the time is up. What the new one repeats is not told again.

    Args:
        session: The client's session.
        name: The run's resource name.
        timeout: Seconds for all of it; None: no limit.
    """

    def __init__(self, session: Session, name: str, timeout: float | None = None) -> None:
        self._session = session
        self._name = name
        self._timeout = timeout
        seconds = None if timeout is None else check_timeout("timeout", timeout)
        self._deadline = None if seconds is None else session.clock.monotonic() + seconds
        self._retry = dataclasses.replace(session.settings.retry, max_attempts=None)
        self._stream: Any = None
        self._attempt = 1
        self.last: TrainingRunStatus | None = None
        """How the run stood when this follower last heard of it."""

    def next(self) -> Operation[TrainingRunStatus | None]:
        """Waits for news; None once the run has ended and that was told.

        Raises:
            DeadlineExceeded: The time is up; the run goes on.
            RecserveError: The run cannot be followed.
        """
        from recserve.client.wire.training_runs import status_from

        while self.last is None or not self.last.state.has_ended:
            self._session.check_open()
            try:
                response = yield from self._receive()
            except grpc.RpcError as failure:
                self._stream = None
                yield from self._wait(failure)
                continue
            if response is None:  # ended by the server before the run was
                self._stream = None
                yield from self._wait_for(Unavailable("the stream has ended"))
                continue
            status = status_from(response.training_run)
            if status != self.last:
                self.last, self._attempt = status, 1
                return status
        return None

    def result(self) -> Operation[ModelVersion]:
        """Waits for the end.

        Raises:
            TrainingFailed: It failed.
            TrainingCancelled: It was cancelled.
            DeadlineExceeded: The time is up; the run goes on.
            RecserveError: The run cannot be followed.
        """
        while (yield from self.next()) is not None:
            pass
        return made_version(self.last)

    def close(self) -> None:
        """Lets go of the stream."""
        if self._stream is not None:
            self._stream.cancel()
            self._stream = None

    def _receive(self) -> Operation[Any]:
        if self._stream is None:
            from recserve.v1 import training_pb2

            request = training_pb2.WatchTrainingRunRequest(name=self._name)
            method = lambda stubs: stubs.training.WatchTrainingRun  # noqa: E731
            left = self._seconds_left()
            seconds = LONGEST_STREAM_SECONDS if left is None else min(left, LONGEST_STREAM_SECONDS)
            self._stream = yield Open(method, request, seconds)
        return (yield Receive(self._stream))

    def _wait(self, failure: grpc.RpcError) -> Operation[None]:
        """Waits until it makes sense to try again."""
        error = failure_as_error(failure, self._session)
        if isinstance(error, DeadlineExceeded):
            left = self._seconds_left()
            if left is not None and left <= 0:
                raise self._too_late("it goes on") from error
            error = Unavailable("the stream was silent for long")
        yield from self._wait_for(error, failure)

    def _wait_for(self, error: RecserveError, cause: Exception | None = None) -> Operation[None]:
        delay = self._retry.delay(error, self._attempt, self._session.clock.random())
        if delay is None:
            raise error from cause
        left = self._seconds_left()
        if left is not None and delay >= left:
            raise self._too_late(f"whether it goes on is not known: {error}") from error
        self._attempt += 1
        yield Pause(delay)

    def _seconds_left(self) -> float | None:
        if self._deadline is None:
            return None
        return max(0.0, self._deadline - self._session.clock.monotonic())

    def _too_late(self, what: str) -> DeadlineExceeded:
        return DeadlineExceeded(f"{self._name} has not ended within {self._timeout:g} s; {what}")


def made_version(status: TrainingRunStatus | None) -> ModelVersion:
    """The version that a run made, or the error that says why there is none."""
    if status is None:
        raise TrainingFailed("the run has ended without saying how")
    if status.state is TrainingRunState.CANCELLED:
        raise TrainingCancelled(f"training run {status.number} was cancelled")
    if status.model_version is None:
        raise TrainingFailed(f"training run {status.number} failed: {status.error}")
    return status.model_version
