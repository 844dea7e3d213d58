"""A checked request for recommendations."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recserve.server.filtering import ItemFilter
from recserve.server.schema.values import Features

Matrix = NDArray[np.float32]


SHORTLIST_SHARE = 4
LEAST_SHORTLIST, MOST_SHORTLIST = 100, 1000


@dataclass(frozen=True, slots=True)
class Shape:
    """What a query wants beyond the plain ranking."""

    diversity: float = 0.0
    """0 (none) to 1."""
    exploration: float = 0.0
    """0 (none) to 1."""
    by_clusters: bool = False
    """Whether variety is of clusters, and not of vectors."""
    explain: bool = False
    """Name the past item that speaks most for each result."""


@dataclass(slots=True)  # one is made for every call: frozen ones are slower to make
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
    filter: ItemFilter | None = None
    """Return only items that it lets through; None: all."""
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
    shape: Shape | None = None
    """None: the plain ranking."""

    @property
    def shortlist_count(self) -> int:
        """Items to choose the results from: more than are wanted where the order may change."""
        wanted, shape = self.result_count, self.shape
        if shape is None or not (shape.diversity or shape.exploration):
            return wanted
        return max(wanted, min(max(SHORTLIST_SHARE * wanted, LEAST_SHORTLIST), MOST_SHORTLIST))
