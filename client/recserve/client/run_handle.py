"""What a handle of a training run is, whether its client blocks or is awaited."""

from collections.abc import Callable
from typing import Any

from recserve.client.session import Session
from recserve.client.training_run_status import TrainingRunStatus


class RunHandle:
    """A run on the server, which goes on whatever happens to this handle.

    Args:
        session: The client's session.
        status: How the run stands.
        perform: Runs an operation of the client.
    """

    def __init__(
        self, session: Session, status: TrainingRunStatus, perform: Callable[[Any], Any]
    ) -> None:
        self._session = session
        self._status = status
        self._perform = perform

    @property
    def name(self) -> str:
        """Resource name, "models/{model}/trainingRuns/{number}"."""
        return self._status.name

    @property
    def number(self) -> int:
        """The run's number."""
        return self._status.number

    @property
    def status(self) -> TrainingRunStatus:
        """How the run stood when it was last heard of."""
        return self._status

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} {self._status.state.value}>"
