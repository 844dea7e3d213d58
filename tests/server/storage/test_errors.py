"""The error tree."""

import inspect
import re

import pytest

from recserve.server import errors

ERRORS = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, errors.RecserveServerError)
]


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_has_a_reason_of_its_own_and_stands_in_the_tree(
    error: type[errors.RecserveServerError],
) -> None:
    assert re.fullmatch(r"[A-Z][A-Z0-9_]*[A-Z0-9]", error.default_reason)
    assert [error] == [each for each in ERRORS if each.default_reason == error.default_reason]
    assert f" {error.__name__} " in f" {errors.__doc__} ".replace("\n", " ")


def test_a_bad_request_reads_as_its_violations() -> None:
    error = errors.InvalidRequest(
        [errors.Violation("user_id", "is empty"), errors.Violation("value", "is not finite")]
    )

    assert str(error) == "user_id: is empty; value: is not finite"
    assert error.reason == "INVALID_REQUEST"


def test_an_overload_says_when_to_come_back() -> None:
    error = errors.Overloaded("full", retry_after_seconds=2.0, reason="DISK_FULL")

    assert (error.retry_after_seconds, error.reason, error.metadata) == (2.0, "DISK_FULL", {})
