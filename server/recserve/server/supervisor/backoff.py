"""How long to wait before something that died is started again."""

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
"""Who lived this long is not in a crash loop."""
_MAX_DOUBLINGS = 10  # beyond LONGEST_SECONDS; after weeks of deaths the power would overflow


class Backoff:
    """Doubles the wait with every death in a row."""

    def __init__(self) -> None:
        self.deaths = 0

    def after_death(self, lived_seconds: float) -> float:
        """Return how many seconds to wait, after a life of so many seconds."""
        self.deaths = 1 if lived_seconds >= HEALTHY_SECONDS else self.deaths + 1
        doublings = min(self.deaths - 1, _MAX_DOUBLINGS)
        return min(LONGEST_SECONDS, FIRST_SECONDS * 2.0**doublings)
