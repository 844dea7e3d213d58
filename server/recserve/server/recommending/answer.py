"""An answer to a query."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass


class Fallback(enum.Enum):
    """Why a simpler answer was given."""

    NO_MODEL = "no_model"
    ENGINE_UNAVAILABLE = "engine_unavailable"
    UNKNOWN_USER = "unknown_user"
    DEADLINE = "deadline"
    NO_CANDIDATE_FEATURES = "no_candidate_features"


class Shortfall(enum.Enum):
    """Why there are fewer results than asked for."""

    CATALOGUE = "catalogue"
    CANDIDATES = "candidates"


class Reason(enum.Enum):
    """Where a result comes from."""

    PERSONAL = "personal"
    POPULAR = "popular"
    SIMILAR = "similar"


@dataclass(frozen=True, slots=True)
class Result:
    """One recommended item."""

    item_id: str
    score: float
    """Between 0 and 1, higher is better."""
    propensity: float = 1.0
    """The probability of being at this position, given the items above."""
    because_of_item_id: str = ""
    """The past item that speaks most for it; empty: not asked for, or none."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the engine took; zeros for a fallback."""

    queue_seconds: float = 0.0
    inference_seconds: float = 0.0
    batch_requests: int = 0


@dataclass(slots=True)  # one is made for every call: frozen ones are slower to make
class Answer:
    """What `Recommend` gives back."""

    item_ids: Sequence[str]
    """Best first, or as they were drawn."""
    scores: Sequence[float]
    """The score of each, between 0 and 1; a cosine for similar items."""
    reason: Reason
    """Where all of them come from."""
    version: int = 0
    """The version that answered; 0 for none."""
    label: str = ""
    """The label that led to it."""
    fallback: Fallback | None = None
    shortfall: Shortfall | None = None
    missing_item_ids: tuple[str, ...] = ()
    """Candidates that the version does not know."""
    timing: Timing = Timing()
    log_position: int = 0
    """The log position that the answer reflects."""
    propensities: Sequence[float] | None = None
    """The probability of each at its position, given those above it; None: 1 each."""
    because_of_item_ids: Sequence[str] = ()
    """The past item that speaks most for each, empty for none; empty: not asked for."""

    @property
    def results(self) -> tuple[Result, ...]:
        """The recommended items, in their order."""
        count = len(self.item_ids)
        propensities = self.propensities or [1.0] * count
        because_of = self.because_of_item_ids or [""] * count
        return tuple(map(Result, self.item_ids, self.scores, propensities, because_of))
