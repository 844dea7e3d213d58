"""How long to wait before something that died is started again."""

FIRST_SECONDS = 0.25
LONGEST_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
"""Who lived this long is not in a crash loop."""


class Backoff:
    """Doubles the wait with every death in a row."""

    def __init__(self) -> None:
        self.deaths = 0

    def after_death(self, lived_seconds: float) -> float:
        """Return how many seconds to wait, after a life of so many seconds."""
        self.deaths = 1 if lived_seconds >= HEALTHY_SECONDS else self.deaths + 1
        return float(min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** (self.deaths - 1)))
