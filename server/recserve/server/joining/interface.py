"""What joins visitors to users, whatever keeps them."""

from dataclasses import dataclass
from typing import Protocol

from recserve.server.errors import FailedPrecondition

MAX_EVENTS = 100_000
"""Of one visitor: all are moved in one transaction, for which other writers wait."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What a join did.

    Attributes:
        user_id: Who both are from now on.
        event_count: Events of the visitor that became the user's now.
    """

    user_id: str
    event_count: int


@dataclass(frozen=True, slots=True)
class JoinedPair:
    """A visitor, and who it is.

    Attributes:
        number: Of the join: 1, 2, 3 …, in the order of commit.
        visitor_id: The visitor.
        user_id: The user.
    """

    number: int
    visitor_id: str
    user_id: str


class UserJoins(Protocol):
    """Joins visitors to users. Methods block and may be called from any thread."""

    def join(self, visitor_id: str, user_id: str) -> Joined:
        """Make all that is known of a visitor the user's, and what comes later too.

        The user's own features stand; a visitor's are taken where the user has none. Repeating
        it is safe.

        Raises:
            FailedPrecondition: The visitor is another user already (JOINED_ALREADY), or has
                too many events (VISITOR_TOO_LARGE).
            Overloaded: The disk is full, or another process writes for too long.
            Unavailable: The database fails.
        """

    def after(self, number: int) -> list[JoinedPair]:
        """Returns the joins behind a number, in their order, by any server."""

    def last(self) -> int:
        """Returns the number of the last join; 0 for none."""


def check_joinable(visitor_id: str, user_id: str, known: str | None) -> None:
    """Refuse a join that contradicts an earlier one.

    Args:
        visitor_id: The visitor.
        user_id: The user, joins followed.
        known: Who the visitor is already.

    Raises:
        FailedPrecondition: it does.
    """
    if visitor_id == user_id or known not in (None, user_id):
        raise FailedPrecondition(
            "the visitor is another user already; give every visitor an id of its own, and a new"
            " one after a log-out",
            reason="JOINED_ALREADY",
        )


def check_size(event_count: int) -> None:
    """Refuse a visitor of too many events.

    Raises:
        FailedPrecondition: there are too many.
    """
    if event_count > MAX_EVENTS:
        raise FailedPrecondition(
            f"the visitor has {event_count} events, and at most {MAX_EVENTS} are joined",
            reason="VISITOR_TOO_LARGE",
        )
