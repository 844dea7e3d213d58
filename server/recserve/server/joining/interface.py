"""What joins a visitor to a user, whatever keeps the events."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Joined:
    """What a join did.

    Attributes:
        event_count: Events that are the user's from now on.
        revision: That of the catalogue afterwards.
    """

    event_count: int
    revision: int


class UserJoiner(Protocol):
    """Gives what a visitor did to a user: events, answers, and features.

    Events keep their ids, positions and times, so one that is sent again is a duplicate, and a
    version that learned from it before is still named when the user is erased. Methods block and
    may be called from any thread.
    """

    def join(self, visitor_id: str, user_id: str) -> Joined:
        """Makes everything of a visitor the user's, in one transaction. May be repeated.

        The user's own features stand; where the catalogue does not know the user, they are the
        visitor's.

        Args:
            visitor_id: Under which nothing is left afterwards.
            user_id: Another id.

        Raises:
            Overloaded: The disk is full, or another process writes for too long.
            Unavailable: The database fails. Nothing was changed.
        """
