"""The id of an answer: it says which version gave it, under what label, and when.

Signed, so that feedback can be attributed to a version without a look at any log, and so that
nobody can invent one.
"""

import base64
import hashlib
import hmac
import random
import struct
from dataclasses import dataclass

from recserve.server.labels import LABELS

_FIELDS = struct.Struct(">BQBQ7s")  # format, version, label, milliseconds, random
_RANDOM_BYTES = 7
_SIGNATURE_BYTES = 8
_FORMAT = 1
_LABELS = ("", *LABELS)
KEY_BYTES = 32


class InvalidRecommendationId(ValueError):
    """A string that this deployment never gave out."""


@dataclass(frozen=True, slots=True)
class RecommendationId:
    """What an id says."""

    version: int
    """The version that answered; 0 for none."""
    label: str
    """The label that led to it; empty for none."""
    milliseconds: int
    """When, in milliseconds since the Unix epoch."""


class RecommendationIds:
    """Makes and reads ids.

    Args:
        key: Secret of the deployment; all its replicas share it.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, version: int, label: str, milliseconds: int) -> str:
        """Make a new id; no two are alike."""
        # That no two are alike takes no secret: what nobody can guess is the signature.
        drawn = random.randbytes(_RANDOM_BYTES)  # noqa: S311
        fields = _FIELDS.pack(_FORMAT, version, _LABELS.index(label), milliseconds, drawn)
        return _to_text(fields + self._sign(fields))

    def read(self, text: str) -> RecommendationId:
        """Read an id.

        Raises:
            InvalidRecommendationId: it is not one of ours.
        """
        try:
            data = base64.b64decode(text, altchars=b"-_", validate=True)
        except ValueError as error:
            raise InvalidRecommendationId("not a recommendation id") from error
        fields, signature = data[:-_SIGNATURE_BYTES], data[-_SIGNATURE_BYTES:]
        signed = hmac.compare_digest(signature, self._sign(fields))
        if len(fields) != _FIELDS.size or not signed or text != _to_text(data):
            raise InvalidRecommendationId("not a recommendation id of this deployment")
        written, version, label, milliseconds, _ = _FIELDS.unpack(fields)
        if written != _FORMAT or label >= len(_LABELS):
            raise InvalidRecommendationId("a recommendation id of a newer server")
        return RecommendationId(version, _LABELS[label], milliseconds)

    def _sign(self, fields: bytes) -> bytes:
        """Sign with BLAKE2b as a keyed hash (RFC 7693): a third of the time of an HMAC."""
        return hashlib.blake2b(fields, key=self._key, digest_size=_SIGNATURE_BYTES).digest()


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()
