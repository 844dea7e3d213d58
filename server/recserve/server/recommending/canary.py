"""Which users a canary version answers."""

import hashlib

_RANGE = 1 << 64


def is_canary_user(user_id: str, version: int, share: float) -> bool:
    """Whether a user belongs to the share of a canary version.

    A user is in or out for as long as the version is the canary, on every server, and one version's
    users are not the next one's. A greater share holds all users of a smaller one.

    Args:
        user_id: The user; an anonymous one, whose id is empty, never belongs.
        version: The canary version's number.
        share: 0 to 1, the share of users.
    """
    if not user_id or share <= 0:
        return False
    digest = hashlib.blake2b(f"canary/{version}/{user_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) < share * _RANGE
