"""Which version a query means."""

import pytest

from recserve.server.errors import FailedPrecondition, NotFound
from recserve.server.recommending.versions import STABLE, ServedVersion, ServedVersions
from server.recommending.world import World, manifest


def numbered(world: World, number: int) -> ServedVersion:
    message = manifest()
    message.version = number
    return world.serving(message)


@pytest.fixture
async def versions(world: World) -> ServedVersions:
    versions = ServedVersions()
    for number in (1, 2):
        versions.put(numbered(world, number))
    versions.set_label(STABLE, 2)
    return versions


def chosen(versions: ServedVersions, number: int | None, label: str | None) -> tuple[int, str]:
    version, why = versions.choose(number, label)
    assert version is not None
    return version.number, why


async def test_the_stable_version_answers_unless_told_otherwise(versions: ServedVersions) -> None:
    assert chosen(versions, None, None) == (2, "stable")
    assert chosen(versions, None, "stable") == (2, "stable")
    assert chosen(versions, 1, None) == (1, "")


async def test_a_moved_label_leads_to_the_other_version(versions: ServedVersions) -> None:
    versions.set_label(STABLE, 1)
    assert chosen(versions, None, None) == (1, "stable")


async def test_without_a_stable_version_there_is_none_and_that_is_no_error() -> None:
    assert ServedVersions().choose(None, None) == (None, "")
    assert ServedVersions().choose(None, "stable") == (None, "")


async def test_removing_a_version_removes_its_labels(versions: ServedVersions) -> None:
    versions.remove(2)
    assert versions.choose(None, None) == (None, "")
    assert versions.stable is None


async def test_what_is_not_there_is_named(versions: ServedVersions) -> None:
    with pytest.raises(NotFound, match="canary"):
        versions.choose(None, "canary")
    with pytest.raises(FailedPrecondition, match="3"):
        versions.choose(3, None)
