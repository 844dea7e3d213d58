"""Ids of users and items, checked before protobuf sees them."""

from collections.abc import Iterable


def one_id(name: str, value: object) -> str:
    """Returns the id.

    Raises:
        TypeError: It is not a string; protobuf's own message does not say which.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, got {value!r}: ids are opaque, use str(…)")
    return value


def many_ids(name: str, values: Iterable[str] | None) -> list[str]:
    """Returns the ids; None means none.

    Raises:
        TypeError: One is not a string, or all are one string, which would be read as
            one id for each of its letters.
    """
    if isinstance(values, str):
        raise TypeError(f"{name} must be a list of ids, got the single string {values!r}")
    if values is None:
        return []
    return [one_id(f"{name}[{index}]", value) for index, value in enumerate(values)]
