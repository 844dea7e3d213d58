"""Ids of events that came without one."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from recserve.server.events import EventIds


@given(st.floats(0, 4e9), st.floats(0.001, 1e6))
def test_an_id_made_later_sorts_later(now: float, pause: float) -> None:
    assert max(EventIds().new(now, 3)) < min(EventIds().new(now + pause, 3))


def test_an_id_is_a_uuid_of_version_seven_with_its_time() -> None:
    made = uuid.UUID(EventIds().new(1_700_000_000.5, 1)[0])

    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == 1_700_000_000_500


def test_ids_of_the_same_moment_differ() -> None:
    made = EventIds().new(1.0, 1_000)
    assert len(set(made)) == 1_000
    assert {uuid.UUID(each).variant for each in made} == {uuid.RFC_4122}
    assert all(str(uuid.UUID(each)) == each for each in made)
    assert EventIds().new(1.0, 0) == []
