"""Enumerators, from messages."""

from enum import StrEnum
from typing import Protocol, TypeVar

Member = TypeVar("Member", bound=StrEnum)


class EnumNames(Protocol):
    """What of a generated enum is needed here."""

    def Name(self, number: int) -> str:  # noqa: N802 - protobuf's name
        """The enumerator's name."""


def enumerator(enum: type[Member], generated: EnumNames, prefix: str, number: int) -> Member:
    """The member of a number: `FALLBACK_NO_MODEL` with the prefix `FALLBACK_` is "no_model".

    A newer server may send what this release does not know: that is `OTHER`.
    """
    try:
        return enum(generated.Name(number).removeprefix(prefix).lower())
    except ValueError:
        return enum["OTHER"]
