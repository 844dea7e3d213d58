"""What `join_users` answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinReceipt:
    """What joining a visitor to a user did."""

    user_id: str
    """Who both are from now on: the given user, or whom that one was joined to before."""
    joined_event_count: int = 0
    """Events of the visitor that became the user's; 0 when it is repeated."""
