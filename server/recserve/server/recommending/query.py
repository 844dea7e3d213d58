"""A checked request for recommendations."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recserve.server.schema.values import Features

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Query:
    """What `Recommend` asks, with defaults filled in and every field checked."""

    user_id: str
    """Empty for an anonymous session."""
    result_count: int = 10
    """Results wanted, 1 to 1000."""
    candidate_item_ids: tuple[str, ...] = ()
    """Rank only these, each once; empty: the whole catalogue."""
    candidate_features: Matrix | None = None
    """Shape `[candidates, P]`, finite; None: unknown."""
    excluded_item_ids: frozenset[str] = frozenset()
    """Never return these."""
    include_seen: bool = False
    """Whether items of the user's past may be returned."""
    context: Features = field(default_factory=dict)
    """Context features by name."""
    recent_item_ids: tuple[str, ...] = ()
    """Recent items of the session, oldest first."""
    min_log_position: int = 0
    """Wait briefly until the log is reflected up to here."""
    deadline: float = float("inf")
    """When the answer is worthless, on the clock of `time.monotonic`, in seconds."""
