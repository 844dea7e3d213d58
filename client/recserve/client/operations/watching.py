"""Following a training run to its end."""

from recserve.client.errors import (
    DeadlineExceeded,
    TrainingCancelled,
    TrainingFailed,
)
from recserve.client.model_version import ModelVersion
from recserve.client.operations.effects import Operation
from recserve.client.operations.lasting_stream import LastingStream, TimeIsUp
from recserve.client.session import Session
from recserve.client.settings import check_timeout
from recserve.client.training_run_status import TrainingRunState, TrainingRunStatus


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
        from recserve.v1 import training_pb2

        self._name = name
        self._timeout = timeout
        seconds = None if timeout is None else check_timeout("timeout", timeout)
        self._stream = LastingStream(
            session,
            lambda stubs: stubs.training.WatchTrainingRun,
            training_pb2.WatchTrainingRunRequest(name=name),
            None if seconds is None else session.clock.monotonic() + seconds,
        )
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
            try:
                response = yield from self._stream.next()
            except TimeIsUp as end:
                raise self._too_late(end) from end.error
            status = status_from(response.training_run)
            if status != self.last:
                self._stream.is_news()
                self.last = status
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
        self._stream.close()

    def _too_late(self, end: TimeIsUp) -> DeadlineExceeded:
        what = (
            "it goes on" if end.error is None else f"whether it goes on is not known: {end.error}"
        )
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
