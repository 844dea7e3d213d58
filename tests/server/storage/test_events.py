"""Ids of events that came without one."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from recserve.server.events import new_event_id


@given(st.floats(0, 4e9), st.floats(0.001, 1e6))
def test_an_id_made_later_sorts_later(now: float, pause: float) -> None:
    assert new_event_id(now) < new_event_id(now + pause)


def test_an_id_is_a_uuid_of_version_seven_with_its_time() -> None:
    made = uuid.UUID(new_event_id(1_700_000_000.5))

    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == 1_700_000_000_500


def test_ids_of_the_same_moment_differ() -> None:
    assert len({new_event_id(1.0) for _ in range(1_000)}) == 1_000
