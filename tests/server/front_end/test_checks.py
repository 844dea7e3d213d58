"""Ids that are good at a glance, and those that need a closer look."""

import pytest

from recserve.server.errors import InvalidRequest
from recserve.server.front_end.requests.checks import MAX_ID_BYTES, Checks

LONGEST = "é" * (MAX_ID_BYTES // 2)


@pytest.mark.parametrize("ids", [[], ["a"], ["a", "é" * 64], ["a", LONGEST], ["x" * MAX_ID_BYTES]])
def test_good_ids_pass(ids: list[str]) -> None:
    checks = Checks()
    assert checks.identifiers(ids, "ids", most=2)
    checks.raise_if_any()


@pytest.mark.parametrize(
    ("ids", "field"),
    [
        (["a", ""], "ids[1]"),
        (["a\0", "b"], "ids[0]"),
        (["a", LONGEST + "e"], "ids[1]"),
        (["x" * (MAX_ID_BYTES + 1)], "ids[0]"),
        (["a", "b", "c"], "ids"),
    ],
)
def test_bad_ids_are_named(ids: list[str], field: str) -> None:
    checks = Checks()
    assert not checks.identifiers(ids, "ids", most=2)
    with pytest.raises(InvalidRequest) as refused:
        checks.raise_if_any()
    assert [violation.field for violation in refused.value.violations] == [field]
