"""What erases a user, whatever keeps the events."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

RECEIPT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Trained:
    """The events that a version was trained on.

    Attributes:
        name: The version's resource name.
        base: The version whose weights it started from; empty for none.
        log_position: The last log position used; 0 where no event log was.
        since: The time of the first event used, in seconds since the Unix epoch.
        until: The time of the last one.
    """

    name: str
    base: str
    log_position: int
    since: float
    until: float

    def may_hold(self, past: "Past") -> bool:
        """Whether one of the events may have been learned from; cleaning may have left it out."""
        is_there = past.position <= self.log_position
        return is_there and self.since <= past.until and past.since <= self.until


class Past(NamedTuple):
    """An event, or several of which only this is known.

    Attributes:
        position: The lowest position.
        since: The time of the first, in seconds since the Unix epoch.
        until: The time of the last one.
    """

    position: int
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Erased:
    """The receipt of an erasure.

    Attributes:
        receipt_id: Keyed hash of the user's id, in hex; the audit log has it too.
        event_count: Events erased now.
        versions: Resource names of the versions trained on the user's events, of this and
            of earlier erasures of the same user.
        time: When it was done, in seconds since the Unix epoch.
        revision: That of the catalogue afterwards.
        user_ids: All ids of the user: visitors that were joined to them are erased as well.
    """

    receipt_id: str
    event_count: int
    versions: tuple[str, ...]
    time: float
    revision: int
    user_ids: tuple[str, ...]


class ErasureLog(Protocol):
    """Erases users, and keeps an audit log of it that knows them by keyed hashes alone.

    Methods block and may be called from any thread.
    """

    def ids_of(self, user_id: str) -> Sequence[str]:
        """Returns every id of the user whom an id means: the given one first."""

    def erase(self, user_id: str, trained: Sequence[Trained]) -> Erased:
        """Erases every row of a user. Repeating it is safe, and gives the same receipt.

        Args:
            user_id: The user; an unknown one gives a receipt too.
            trained: What the versions of the store were trained on.

        Raises:
            Overloaded: The disk is full, or another process writes for too long.
            Unavailable: The database fails.
        """

    def scrub(self, user_id: str) -> None:
        """Leaves nothing of an erased user in the files, as far as the database can.

        Raises:
            Overloaded: The disk is full.
            Unavailable: The database fails, or a reader keeps what was erased alive
                (READERS_LEFT). Repeating the erasure completes it.
        """

    def count(self) -> int:
        """Returns a number that grows with every erasure, by any server."""


def receipt_id(key: bytes, user_id: str) -> str:
    """The keyed hash by which the audit log knows a user (HMAC-SHA-256, RFC 2104, cut)."""
    return hmac.digest(key, user_id.encode(), hashlib.sha256)[:RECEIPT_BYTES].hex()


def versions_trained_on(trained: Iterable[Trained], events: Sequence[Past]) -> list[str]:
    """Names the versions that learned from events, or from the weights of one that did.

    Args:
        trained: The versions.
        events: Where the events are.
    """
    versions = list(trained)
    found = {each.name for each in versions if any(each.may_hold(past) for past in events)}
    while heirs := {each.name for each in versions if each.base in found} - found:
        found |= heirs
    return sorted(found, key=lambda name: int(name.rpartition("/")[2]))
