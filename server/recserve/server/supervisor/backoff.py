"""How long to wait before something that died is started again."""

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
"""Who lived this long is not in a crash loop."""
_MAX_DOUBLINGS = 20  # beyond any longest wait; after weeks of deaths the power would overflow


class Backoff:
    """Doubles the wait with every death in a row.

    Args:
        longest_seconds: Where it stops doubling.
    """

    def __init__(self, longest_seconds: float = LONGEST_SECONDS) -> None:
        self.deaths = 0
        self._longest_seconds = longest_seconds

    def after_death(self, lived_seconds: float) -> float:
        """Return how many seconds to wait, after a life of so many seconds."""
        self.deaths = 1 if lived_seconds >= HEALTHY_SECONDS else self.deaths + 1
        doublings = min(self.deaths - 1, _MAX_DOUBLINGS)
        return min(self._longest_seconds, FIRST_SECONDS * 2.0**doublings)
