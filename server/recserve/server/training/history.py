"""What the runs so far say about the next one."""

from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf import timestamp_pb2

from recserve.server.training.register import ENDED, Run
from recserve.v1 import training_pb2


@dataclass(frozen=True, slots=True)
class History:
    """What the register says of the runs so far."""

    is_at_work: bool = False
    """Whether a run has not ended, whoever began it."""
    learned_position: int = 0
    """Up to which log position the last run learned that succeeded with the log; 0: none did."""
    learned_time: float | None = None
    """When that one was asked for, in seconds since the Unix epoch."""
    learned_version: int = 0
    """What it made."""
    failures: int = 0
    """Runs of the server's own in a row that made no version, cancelled ones included."""
    failed_time: float = 0.0
    """When the last of these ended."""


def history_of(runs: Sequence[Run]) -> History:
    """Read it from the newest runs, newest first. So it outlives a restart."""
    learned = next((run for run in runs if _has_learned(run)), None)
    since = runs if learned is None else runs[: runs.index(learned)]
    failed = [run for run in since if run.trigger and run.state in ENDED]
    return History(
        is_at_work=any(run.state not in ENDED for run in runs),
        learned_position=0 if learned is None else learned.log_position,
        learned_time=None if learned is None else _seconds(learned.create_time),
        learned_version=0 if learned is None else learned.model_version.version,
        failures=len(failed),
        failed_time=_seconds(failed[0].end_time) if failed else 0.0,
    )


def _has_learned(run: Run) -> bool:
    """Whether it made a version from the log."""
    succeeded = run.state == training_pb2.TRAINING_RUN_STATE_SUCCEEDED
    return succeeded and not run.request.dataset_path


def _seconds(stamp: timestamp_pb2.Timestamp) -> float:
    return stamp.seconds + stamp.nanos / 1e9
