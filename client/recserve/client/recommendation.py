"""What `recommend` and `similar_items` answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import overload


class DiversityBasis(StrEnum):
    """What makes two items alike, where variety is wanted."""

    VECTORS = "vectors"
    """The cosine of the version's item vectors."""
    CLUSTERS = "clusters"
    """Whether both are in the same of the version's clusters."""


class Reason(StrEnum):
    """Where a recommended item comes from."""

    UNSPECIFIED = "unspecified"
    """The server did not say."""
    PERSONAL = "personal"
    """The model ranked it for this user."""
    POPULAR = "popular"
    """Many users act on it."""
    SIMILAR = "similar"
    """It is like the item that was asked about."""
    OTHER = "other"
    """A reason that this release of the SDK does not know."""


class Fallback(StrEnum):
    """Why a simpler answer was given."""

    NO_MODEL = "no_model"
    """No version has been trained yet; ranked by the counts in the event log."""
    ENGINE_UNAVAILABLE = "engine_unavailable"
    """The version's engine is starting or gone; ranked by popularity."""
    UNKNOWN_USER = "unknown_user"
    """Nothing is known of this user; ranked by popularity."""
    DEADLINE = "deadline"
    """Too little time was left to ask the engine; ranked by popularity."""
    NO_CANDIDATE_FEATURES = "no_candidate_features"
    """The version tells items apart by candidate features, and there were none; ranked by
    popularity."""
    OTHER = "other"
    """A cause that this release of the SDK does not know."""


class Shortfall(StrEnum):
    """Why there are fewer results than asked for."""

    CATALOGUE = "catalogue"
    """Exclusions, seen items, filter and availability leave fewer items in the catalogue."""
    CANDIDATES = "candidates"
    """Exclusions, seen items, filter and availability leave fewer of the given candidates."""
    OTHER = "other"
    """A cause that this release of the SDK does not know."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One recommended item."""

    item_id: str
    score: float
    """How well it fits: higher is better. From a model, its estimated probability of a
    positive event; from a fallback, the item's popularity; 0 to 1. From `similar_items`,
    the cosine of the item vectors, -1 to 1."""
    propensity: float = 1.0
    """Probability that the policy puts this item at this position, given the items
    above it, above 0 and at most 1. 1 for a deterministic ranking."""
    reason: Reason = Reason.UNSPECIFIED
    because_of_item_id: str = ""
    """Where explanations were asked for: the item of the user's past that speaks most for
    it; empty if none does."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the server took for an answer."""

    queue_seconds: float = 0.0
    """From the request's arrival at the engine to the start of its batch."""
    inference_seconds: float = 0.0
    """The run of its batch."""
    total_seconds: float = 0.0
    """From the request's arrival at the server to its answer."""
    batch_rows: int = 0
    """Requests in its batch; 0 for a fallback."""


@dataclass(frozen=True, slots=True)
class Answer(Sequence[Recommendation]):
    """A ranked list, best first or as it was drawn, and what is to be known about it."""

    results: tuple[Recommendation, ...]
    recommendation_id: str
    """Names this answer; give the answer, or this, to `feedback`."""
    model_version: int = 0
    """The version that answered; 0 when none was there."""
    fallback: Fallback | None = None
    """Why a simpler answer was given; None: the model answered."""
    shortfall: Shortfall | None = None
    """Why there are fewer results than asked for; None: there are not."""
    missing_item_ids: tuple[str, ...] = ()
    """Those of the given candidates that the version does not know."""
    timing: Timing = Timing()
    log_position: int = 0
    """The log position that the answer reflects, for this user."""

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The ids of the items, best first."""
        return tuple(result.item_id for result in self.results)

    @overload
    def __getitem__(self, index: int) -> Recommendation: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Recommendation, ...]: ...
    def __getitem__(self, index: int | slice) -> Recommendation | tuple[Recommendation, ...]:
        return self.results[index]

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[Recommendation]:
        return iter(self.results)
