"""How a training run stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from recserve.client.model_version import Metric, ModelVersion, Promotion, TrainingMode


class TrainingRunState(StrEnum):
    """Where a training run stands."""

    UNSPECIFIED = "unspecified"
    """The server did not say."""
    QUEUED = "queued"
    """Accepted, not begun."""
    RUNNING = "running"
    """At work."""
    SUCCEEDED = "succeeded"
    """It has made a version."""
    FAILED = "failed"
    """It has ended without one; `error` says why."""
    CANCELLED = "cancelled"
    """It was ended on request."""
    OTHER = "other"
    """A state that this release of the SDK does not know."""

    @property
    def has_ended(self) -> bool:
        """Whether a run in this state stays in it."""
        return self in (self.SUCCEEDED, self.FAILED, self.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingProgress:
    """How far a training run is."""

    stage: str
    """Such as "export", "read", "clean", "retrieval", "ranking", "evaluate", "publish"."""
    epoch: int = 0
    """The pass over the data, from 1; 0 in stages without one."""
    max_epochs: int = 0
    """Most passes of the stage; 0 in stages without one."""
    step: int = 0
    """Steps done in the stage: batches learned from, rows written."""
    max_steps: int = 0
    """Most steps of the stage; 0 if unknown."""
    loss: float | None = None
    """Of the last step or pass; at step 0 of the weights that the stage starts from."""
    metrics: tuple[Metric, ...] = ()
    """On held-out data so far."""
    seconds_left: float | None = None
    """To the end of the run, if no stage stops early; None where unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingLogEntry:
    """One line of a training run's log."""

    time: datetime | None
    """When it was said."""
    stage: str
    """The stage at work; empty before the first."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRunStatus:
    """A training run as it stood at one moment."""

    name: str
    """Resource name, "models/{model}/trainingRuns/{number}"."""
    number: int
    state: TrainingRunState = TrainingRunState.UNSPECIFIED
    progress: TrainingProgress | None = None
    """None before it runs."""
    error: str = ""
    """Why it failed or was cancelled."""
    model_version: ModelVersion | None = None
    """What it made; None until then."""
    mode: TrainingMode = TrainingMode.FULL
    base_version: int = 0
    """The version asked for to start from; 0: the stable one, else the newest."""
    promotion: Promotion = Promotion.IF_BETTER
    trigger: str = ""
    """Why the server began it by itself; empty if somebody asked for it."""
    log_position: int = 0
    """The last log position that it learns from; 0 until that is known, and for a dataset."""
    dataset_path: str = ""
    """What it learns from; empty: the event log."""
    hyper_parameters: Mapping[str, float | int | tuple[int, ...]] = field(
        default_factory=dict, hash=False
    )
    """Those that were asked for, by name."""
    log: tuple[TrainingLogEntry, ...] = ()
    """What it said, oldest first; empty in lists and while a run is watched."""
    create_time: datetime | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
