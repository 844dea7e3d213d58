"""What `models` answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ModelVersionState(StrEnum):
    """Where a version stands on a server."""

    UNSPECIFIED = "unspecified"
    """The server did not say."""
    AVAILABLE = "available"
    """In the store, not loaded."""
    LOADING = "loading"
    """Its engine is starting, or starting again."""
    SERVING = "serving"
    """Warm, and answering calls."""
    DRAINING = "draining"
    """Finishing its last calls."""
    FAILED = "failed"
    """Refused or broken; `error` says why."""
    OTHER = "other"
    """A state that this release of the SDK does not know."""


class TrainingMode(StrEnum):
    """How the weights of a version were initialised."""

    FULL = "full"
    """From random weights."""
    WARM_START = "warm_start"
    """From an earlier version's weights."""
    OTHER = "other"
    """A mode that this release of the SDK does not know."""


class Promotion(StrEnum):
    """What happens to a version when it is ready."""

    UNSPECIFIED = "unspecified"
    """Its training did not say: as `ALWAYS`."""
    IF_BETTER = "if_better"
    """It becomes stable if it beats the stable version and popularity on the holdout."""
    ALWAYS = "always"
    """It becomes stable."""
    NEVER = "never"
    """It stays available, without a label."""
    CANARY = "canary"
    """It becomes the canary."""
    OTHER = "other"
    """One that this release of the SDK does not know."""


class HoldoutKind(StrEnum):
    """How the events a version was evaluated on were chosen."""

    UNSPECIFIED = "unspecified"
    """The version was not evaluated."""
    TIME = "time"
    """All events after one moment."""
    LEAVE_LAST_OUT = "leave_last_out"
    """Each user's last event."""
    RANDOM = "random"
    """A random share of the rows."""
    REPLAY = "replay"
    """Every event after one moment, each asked for with those before it as history."""
    OTHER = "other"
    """A kind that this release of the SDK does not know."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a version, on its holdout."""

    name: str
    """With its cut-off, such as "ndcg@10"."""
    value: float
    baseline: float | None = None
    """The popularity baseline's value on the same holdout; None where it makes no sense."""
    stable: float | None = None
    """The value of the version that was stable then, on the same holdout; None without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """What a version was trained from."""

    mode: TrainingMode = TrainingMode.FULL
    base_version: int = 0
    """The version whose weights it started from; 0 for none."""
    schema_digest: str = ""
    """Hex SHA-256 of the schema."""
    dataset_digest: str = ""
    """Hex SHA-256 over the dataset's files."""
    first_event_time: datetime | None = None
    """In UTC; None where the data has no clock."""
    last_event_time: datetime | None = None
    """In UTC; None where the data has no clock."""
    log_position: int = 0
    """The last log position used; 0 when it was trained from a dataset."""
    event_count: int = 0
    user_count: int = 0
    item_count: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """One trained, evaluated artefact, and where it stands on the server that answered."""

    name: str
    """Resource name, "models/{model}/versions/{version}"."""
    model: str
    version: int
    state: ModelVersionState = ModelVersionState.UNSPECIFIED
    labels: tuple[str, ...] = ()
    """The labels it carries: "stable", "canary", "shadow"."""
    error: str = ""
    """Why the version cannot be served."""
    create_time: datetime | None = None
    """When training finished, in UTC."""
    metrics: tuple[Metric, ...] = ()
    """How good it is on its holdout; ranking metrics are over the whole catalogue."""
    holdout: HoldoutKind = HoldoutKind.UNSPECIFIED
    holdout_event_count: int = 0
    holdout_user_count: int = 0
    lineage: Lineage = Lineage()
    hyper_parameters: Mapping[str, float | int | tuple[int, ...]] = field(
        default_factory=dict, hash=False
    )
    """The hyper-parameters it was trained with, by name."""
    family: str = ""
    """"two_stage" or "pointwise"."""
    size_bytes: int = 0
    training_seconds: float = 0.0
    producers: tuple[str, ...] = ()
    """The programs that made it."""
    training_run: str = ""
    """Resource name of the run that made it; empty if it was trained from the command line."""
    promotion: Promotion = Promotion.UNSPECIFIED
    """What its training was told to do with it."""
    stable_version: int = 0
    """The version that was stable then, which the metrics' `stable` is of; 0 for none."""
    unpromoted_reason: str = ""
    """Why it was not promoted after its training, or stays a canary; empty if nothing speaks
    against it, and if it is stable or the shadow now."""
    rollback_reason: str = ""
    """Why the server took its label back by itself; empty if it did not, or if somebody gave it
    one since."""
