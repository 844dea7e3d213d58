"""What the front end saw of the answers of one version's engine, over a few seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """One interval of one version."""

    asked: int
    """Requests that needed the engine, those that were refused for lack of capacity left out."""
    failed: int
    """Those that it could not answer, or for which it was not there."""
    p99_seconds: float
    """The 99th percentile of the time of the others; a deadline that passed counts as an answer."""

    @property
    def failed_share(self) -> float:
        """0 to 1."""
        return self.failed / self.asked if self.asked else 0.0
