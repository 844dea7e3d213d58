"""How a training run stands, as its process owner tells."""

from dataclasses import dataclass, field
from typing import Any

from google.protobuf import json_format

from recserve.v1 import training_pb2

_STATES = {
    "RUNNING": training_pb2.TRAINING_RUN_STATE_RUNNING,
    "SUCCEEDED": training_pb2.TRAINING_RUN_STATE_SUCCEEDED,
    "FAILED": training_pb2.TRAINING_RUN_STATE_FAILED,
    "CANCELLED": training_pb2.TRAINING_RUN_STATE_CANCELLED,
}


@dataclass(slots=True, kw_only=True)
class TrainingReport:
    """A run in plain values."""

    name: str
    state: str = "RUNNING"
    """RUNNING, SUCCEEDED, FAILED or CANCELLED."""
    progress: dict[str, Any] | None = None
    """A `TrainingProgress` in protobuf JSON."""
    error: str = ""
    log_position: int = 0
    """The last log position that it learns from; 0 until that is known, and for a dataset."""
    version: int = 0
    """What it made; 0 until then."""
    start_time: float
    """Seconds since the Unix epoch."""
    end_time: float | None = None
    lines: list[dict[str, Any]] = field(default_factory=list)
    """Its log, as `RunLog.lines`."""

    def write_to(self, run: training_pb2.TrainingRun) -> None:
        """Bring a run up to date."""
        run.state = _STATES[self.state]
        run.error = self.error
        run.log_position = self.log_position
        run.start_time.FromNanoseconds(int(self.start_time * 1e9))
        if self.progress is not None:
            run.progress.Clear()
            json_format.ParseDict(self.progress, run.progress, ignore_unknown_fields=True)
        if self.end_time is not None:
            run.end_time.FromNanoseconds(int(self.end_time * 1e9))
        if self.version:
            put_version(run, self.version)
        del run.log_entries[:]
        for line in self.lines:
            entry = run.log_entries.add(stage=line["stage"], text=line["text"])
            entry.time.FromNanoseconds(int(line["time"] * 1e9))


def put_version(run: training_pb2.TrainingRun, version: int) -> None:
    """Note which version a run made."""
    model = run.name.split("/")[1]
    run.model_version.name = f"models/{model}/versions/{version}"
    run.model_version.model = model
    run.model_version.version = version
