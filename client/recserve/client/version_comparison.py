"""What `compare_versions` answers."""

from dataclasses import dataclass
from enum import StrEnum


class OffPolicyMethod(StrEnum):
    """How an estimate is made from answers of another version."""

    UNSPECIFIED = "unspecified"
    """The server did not say."""
    IPS = "ips"
    """Inverse propensity scoring, position by position: unbiased."""
    SNIPS = "snips"
    """The same with weights that are made to add up: a little biased, much steadier."""
    DR = "dr"
    """Doubly robust: the version's own scores, corrected by the weights."""
    OTHER = "other"
    """A method that this release of the SDK does not know."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95 % interval, which takes the answers of one user together."""

    value: float
    low: float
    """Minus infinity where there is one user."""
    high: float
    """Infinity where there is one user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OffPolicyEstimate:
    """An estimate of how a version would do, from answers of others."""

    method: OffPolicyMethod
    value: Estimate
    """Successes an answer, in the positions that count."""
    answer_count: int = 0
    """Answers that it rests on."""
    effective_answer_count: float = 0.0
    """To how many answers of the version itself they amount; below about 100 the interval is not
    to be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionStanding:
    """How one version did."""

    version: int
    """0 for answers that no model gave."""
    answer_count: int = 0
    user_count: int = 0
    """Each anonymous answer counts as a user."""
    success_count: int = 0
    """Items of its answers on which there was a success."""
    success_rate: Estimate | None = None
    """Share of its answers with a success; None where it gave none."""
    value: Estimate | None = None
    """Successes an answer, in the positions that count; None where it gave none."""
    difference: Estimate | None = None
    """How much its success rate is above the baseline's; None for the baseline."""
    p_value: float | None = None
    """Probability of so large a difference if the rates were equal; None for the baseline."""
    off_policy: tuple[OffPolicyEstimate, ...] = ()
    """What `value` would be, from answers of others that were given with exploration while this
    version was the shadow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionComparison:
    """Versions side by side, by the answers that were logged."""

    baseline: int = 0
    """What they were compared with; 0 where there are no answers, or where no model gave them."""
    versions: tuple[VersionStanding, ...] = ()
    """In the order of their numbers."""
