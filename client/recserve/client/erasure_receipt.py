"""What `delete_user` answers."""

from dataclasses import dataclass
from datetime import datetime

from recserve.client.model_version import TrainingMode


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReceipt:
    """The receipt of an erased user. Nothing in it tells who it was."""

    receipt_id: str
    """Keyed hash of the user's id, in hex: the same for the same user, and in the audit log too."""
    deleted_event_count: int = 0
    """Events that this call erased; a repeated one finds none."""
    model_versions: tuple[int, ...] = ()
    """Versions that learned from the user's events, or from the weights of one that did."""
    training_runs: tuple[int, ...] = ()
    """Runs that were at work and may have read the events: what they make has learned too."""
    retraining_mode: TrainingMode = TrainingMode.FULL
    """A training of this mode that starts from now on makes a version without the user."""
    complete_time: datetime | None = None
    """When nothing was left in the database, in UTC."""
