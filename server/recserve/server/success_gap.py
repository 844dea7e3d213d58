"""How often something good came of a canary's answers, beside the stable version's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SuccessGap:
    """Two success rates over the same time, each of other users."""

    rate: float
    """Share of the canary's answers of which something good came, 0 to 1."""
    stable_rate: float
    """The same of the stable version's."""
    error: float
    """Standard error of the difference; infinite where one has fewer than two users."""
    users: int
    """Who got answers of the canary."""
