"""What an answer log does, whatever keeps it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True)  # one is made for every call: frozen ones are slower to make
class LoggedAnswer:
    """One answer.

    Attributes:
        recommendation_id: Its id, which feedback carries back.
        time: When it was given, in seconds since the Unix epoch.
        user_id: To whom; empty for an anonymous session.
        version: The version that answered; 0 for none.
        label: The label that led to it; empty for none.
        fallback: Why a simpler answer was given; empty if none was.
        scenario: Where it is shown, as the caller says.
        item_ids: What was recommended, best first, or as it was drawn.
        scores: The score of each.
        propensities: The probability of each at its position, given those above; None: 1 each.
        compared_with: Of a shadow's answer, which nobody saw: the id of the one that was given.
    """

    recommendation_id: str
    time: float
    user_id: str
    version: int
    label: str
    fallback: str
    scenario: str
    item_ids: Sequence[str]
    scores: Sequence[float]
    propensities: Sequence[float] | None = None
    compared_with: str = ""


class AnswerLog(Protocol):
    """Keeps answers, for attribution and for comparing versions.

    Methods block, may be called from any thread, and raise `Unavailable` or `Overloaded` where
    the database fails.
    """

    def append(self, answers: Sequence[LoggedAnswer]) -> None:
        """Stores answers in one transaction; one whose id is known already is passed over."""

    def forget_before(self, time: float, limit: int) -> int:
        """Deletes answers older than a time, at most `limit`; returns how many there were."""
