"""A stable share of users, by hash."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recserve.server.engine.memory import InMemoryEngine
from recserve.server.labels import CANARY, STABLE
from recserve.server.recommending.canary import is_canary_user
from recserve.server.recommending.versions import ServedVersions
from server.recommending.world import ITEMS, World, manifest

USERS = [f"user-{number}" for number in range(4000)]


def users_of(version: int, share: float) -> set[str]:
    return {user for user in USERS if is_canary_user(user, version, share)}


def test_about_the_share_of_users_belongs_and_always_the_same() -> None:
    tenth = users_of(7, 0.1)
    assert 300 < len(tenth) < 500
    assert tenth == users_of(7, 0.1)


def test_a_greater_share_holds_the_users_of_a_smaller_one() -> None:
    assert users_of(7, 0.1) < users_of(7, 0.3)


def test_another_version_has_other_users() -> None:
    both = users_of(7, 0.1) & users_of(8, 0.1)
    assert len(both) < 0.3 * len(users_of(7, 0.1))


@given(st.text(min_size=1), st.integers(1, 10**6))
def test_of_no_share_nobody_belongs_and_of_the_whole_everybody(user_id: str, version: int) -> None:
    assert not is_canary_user(user_id, version, 0.0)
    assert is_canary_user(user_id, version, 1.0)


def test_anonymous_users_never_belong() -> None:
    assert not is_canary_user("", 7, 1.0)


@pytest.fixture
async def versions(world: World) -> ServedVersions:
    versions = ServedVersions(canary_share=0.5)
    for number, label in ((1, STABLE), (2, CANARY)):
        message = manifest()
        message.version = number
        versions.put(world.serving(message, engine=InMemoryEngine(len(ITEMS))))
        versions.set_label(label, number)
    return versions


def answering(versions: ServedVersions, **asked: str | int | None) -> set[tuple[int, str]]:
    found = set()
    for user in USERS[:50]:
        version, label = versions.choose(
            asked.get("number"),  # type: ignore[arg-type]
            asked.get("label"),  # type: ignore[arg-type]
            user,
        )
        assert version is not None
        found.add((version.number, label))
    return found


async def test_the_canary_answers_its_users_and_the_stable_version_the_others(
    versions: ServedVersions,
) -> None:
    assert answering(versions) == {(1, STABLE), (2, CANARY)}


async def test_who_asks_for_a_version_or_a_label_gets_it(versions: ServedVersions) -> None:
    assert answering(versions, label=STABLE) == {(1, STABLE)}
    assert answering(versions, number=1) == {(1, "")}
    assert answering(versions, label=CANARY) == {(2, CANARY)}


async def test_a_canary_without_an_engine_answers_nobody_by_itself(
    versions: ServedVersions, world: World
) -> None:
    message = manifest()
    message.version = 2
    cold = world.serving(message)
    versions.put(replace(cold, engine=None))
    assert answering(versions) == {(1, STABLE)}
