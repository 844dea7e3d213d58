"""Collects what is wrong with a request, field by field."""

import math
from collections.abc import Sequence

from recserve.server.errors import InvalidRequest, Violation

MAX_ID_BYTES = 256


class Checks:
    """The violations of one request. Values are never repeated in them: they may be huge."""

    def __init__(self) -> None:
        self._violations: list[Violation] = []

    def refuse(self, field: str, description: str) -> None:
        """Note a violation."""
        self._violations.append(Violation(field, description))

    def require(self, holds: bool, field: str, description: str) -> bool:
        """Note a violation unless something holds; return whether it does."""
        if not holds:
            self.refuse(field, description)
        return holds

    def raise_if_any(self) -> None:
        """Raise InvalidRequest if anything was noted."""
        if self._violations:
            raise InvalidRequest(self._violations)

    def identifier(self, value: str, field: str) -> bool:
        """Check an opaque id."""
        return self.require(value != "", field, "must not be empty") and self.text(
            value, field, MAX_ID_BYTES
        )

    def identifiers(self, values: Sequence[str], field: str, most: int) -> bool:
        """Check a list of opaque ids."""
        if not values or (len(values) <= most and are_plain(values)):
            return True
        if not self.require(len(values) <= most, field, f"at most {most} ids are allowed"):
            return False
        good = [self.identifier(value, f"{field}[{i}]") for i, value in enumerate(values)]
        return all(good)

    def text(self, value: str, field: str, most_bytes: int) -> bool:
        """Check a text's length, and that databases can keep it."""
        if not value:
            return True
        # A character is at least one byte: a huge text is not encoded just to be refused.
        short = len(value) <= most_bytes and (value.isascii() or len(value.encode()) <= most_bytes)
        return self.require(
            short, field, f"must not be longer than {most_bytes} bytes of UTF-8"
        ) and self.require("\0" not in value, field, "must not contain the character NUL")

    def share(self, value: float, field: str) -> bool:
        """Check a number between 0 and 1."""
        within = math.isfinite(value) and 0 <= value <= 1
        return self.require(within, field, "must be between 0 and 1")


def are_plain(values: Sequence[str]) -> bool:
    """Whether ids are good at a glance, as nearly all are; else each has to be looked at."""
    # A character is at most four bytes.
    short = max(map(len, values)) <= MAX_ID_BYTES // 4
    return short and all(values) and "\0" not in "".join(values)
