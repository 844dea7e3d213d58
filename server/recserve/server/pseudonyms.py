"""Names for users that tell nobody who they are."""

import hashlib
import secrets

from recserve.server.event_log import EventLog

KEY_BYTES = 32
PSEUDONYM_BYTES = 16
_KEY = "pseudonym_key"


class Pseudonyms:
    """Gives each user the same name every time: a keyed hash (BLAKE2b, RFC 7693) in hex.

    Args:
        key: Secret of the deployment; who has it can tell whether a name is a given user's.
    """

    def __init__(self, key: bytes) -> None:
        self._hash = hashlib.blake2b(key=key, digest_size=PSEUDONYM_BYTES)

    def of(self, user_id: str) -> str:
        """Name a user."""
        made = self._hash.copy()
        made.update(user_id.encode())
        return made.hexdigest()


def pseudonyms_of(log: EventLog) -> Pseudonyms:
    """The pseudonyms of an event log, whose key is kept in it.

    Raises:
        Overloaded, Unavailable: the log cannot be read or written.
    """
    return Pseudonyms(bytes.fromhex(log.settle_meta(_KEY, secrets.token_hex(KEY_BYTES))))
