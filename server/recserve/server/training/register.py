"""What a register of training runs does, whatever keeps it."""

from typing import Protocol

from recserve.server.errors import Aborted
from recserve.v1 import training_pb2

Run = training_pb2.TrainingRun
ENDED = (
    training_pb2.TRAINING_RUN_STATE_SUCCEEDED,
    training_pb2.TRAINING_RUN_STATE_FAILED,
    training_pb2.TRAINING_RUN_STATE_CANCELLED,
)
"""The states that a run never leaves."""


class RunRegister(Protocol):
    """The training runs, durably. One run of a model at a time has not ended.

    Runs have the numbers 1, 2, 3 … in the order in which they were asked for. Methods block, may
    be called from any thread, and raise `Unavailable` or `Overloaded` where the database fails.
    """

    def add(
        self, model: str, request: training_pb2.TrainRequest, now: float, trigger: str = ""
    ) -> tuple[Run, bool]:
        """Registers a queued run, unless the same request has started one.

        Args:
            model: The name of the model.
            request: What is asked for; its `request_id` tells a repetition.
            now: The time, in seconds since the Unix epoch.
            trigger: Why the server itself asks for it; empty if somebody else does.

        Returns:
            The run, and whether it is new.

        Raises:
            Aborted: Another run of the model has not ended.
        """

    def put(self, run: Run) -> bool:
        """Keeps how a run stands now; returns whether it did. A run that has ended stays as it is.

        Of the version that it made only the name and number are kept.
        """

    def get(self, model: str, number: int) -> Run | None:
        """Returns a run, or None."""

    def newest(self, model: str, before: int | None, limit: int) -> list[Run]:
        """Returns runs, newest first: those with a number below `before`, if it is given."""

    @property
    def is_shared(self) -> bool:
        """Whether runs of other servers are in it, so that leases count."""

    def renew(self, number: int) -> bool:
        """Renews the lease of a run of this server; returns False if it has ended there."""

    def orphaned(self, model: str) -> list[Run]:
        """Returns the runs that have not ended and whose lease has passed.

        Where nothing is shared, all that have not ended: their server is gone, or asks.
        """


def new_run(
    model: str, number: int, request: training_pb2.TrainRequest, now: float, trigger: str
) -> Run:
    """A run as it is when it was just asked for."""
    run = Run(
        name=f"models/{model}/trainingRuns/{number}",
        state=training_pb2.TRAINING_RUN_STATE_QUEUED,
        request=request,
        trigger=trigger,
    )
    run.create_time.FromNanoseconds(int(now * 1e9))
    return run


def in_progress(run: Run) -> Aborted:
    """The error of whoever asks for a second run."""
    number = number_of(run)
    return Aborted(
        f"training run {number} is at work; wait for it (`recserve train watch {number}`) or"
        f" cancel it (`recserve train cancel {number}`)",
        reason="TRAINING_IN_PROGRESS",
        metadata={"training_run": run.name},
    )


class Named(Protocol):
    """A run, an order of one, a report on one."""

    @property
    def name(self) -> str:
        """The run's resource name."""


def number_of(run: Named) -> int:
    """The number of a run, from its name."""
    return int(run.name.rpartition("/")[2])


def without_manifest(run: Run) -> Run:
    """A copy that knows of its version only which it is."""
    copy = Run()
    copy.CopyFrom(run)
    if run.HasField("model_version"):
        made = run.model_version
        copy.model_version.Clear()
        copy.model_version.name = made.name
        copy.model_version.model = made.model
        copy.model_version.version = made.version
    return copy
