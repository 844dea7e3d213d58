"""Which versions are removed from the store, and which must stay."""

import asyncio
from collections.abc import Callable

import pytest

from recserve.server.errors import FailedPrecondition, NotFound
from recserve.server.labels import STABLE
from server.artefact import write_version
from server.supervisor.stage import Stage


async def test_a_version_without_a_label_is_deleted(stage: Stage) -> None:
    await stage.serves(1, 2)
    await stage.versions.delete(1)
    await stage.becomes({2: ("stable", "serving")})
    assert stage.store.versions() == [2]


async def test_a_version_with_a_label_is_not_deleted(stage: Stage) -> None:
    await stage.serves(1, 2)
    stage.stored(1, 2, 3)
    await stage.engine()
    for version in (2, 3):
        with pytest.raises(FailedPrecondition) as refused:
            await stage.versions.delete(version)
        assert refused.value.reason == "VERSION_IN_USE"
    assert stage.store.versions() == [3, 2, 1]


async def test_a_version_that_a_training_uses_is_not_deleted(stage: Stage) -> None:
    await stage.serves(1, 2)
    stage.in_use.add(1)
    with pytest.raises(FailedPrecondition, match="a training is using version 1") as refused:
        await stage.versions.delete(1)
    assert refused.value.reason == "VERSION_IN_USE"
    assert stage.store.versions() == [2, 1]


async def test_a_refused_version_that_is_removed_is_forgotten(stage: Stage) -> None:
    await stage.serves(1)
    (write_version(stage.model_folder, 2) / "items.npz").write_bytes(b"damaged")
    stage.stored(1, 2)
    await stage.becomes({2: ("", "failed"), 1: ("stable", "serving")})
    stage.stored(1)
    await stage.becomes({1: ("stable", "serving")})


async def test_what_is_not_in_the_store_has_no_label_and_is_not_deleted(stage: Stage) -> None:
    await stage.serves(1)
    for work in (stage.versions.set_label(STABLE, 7), stage.versions.delete(7)):
        with pytest.raises(NotFound):
            await work


async def test_versions_that_are_not_kept_are_removed_once_a_newer_one_is_stable(
    stages: Callable[..., Stage],
) -> None:
    stage = stages(keep_versions=2)
    stage.in_use = {1}
    await stage.serves(1, 2, 3, 4)
    await stage.becomes({4: ("stable", "serving"), 3: ("", "available"), 1: ("", "available")})
    assert stage.store.versions() == [4, 3, 1]
    assert (stage.model_folder / ".deleted-2").is_dir(), "its number is never given again"


async def test_a_version_that_cannot_be_removed_is_tried_again_after_the_next_one(
    stages: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = stages(keep_versions=1)
    tried: list[int] = []

    def fail(version: int) -> None:
        tried.append(version)
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(stage.store, "delete", fail)
    await stage.serves(1, 2, 3)
    await asyncio.gather(*stage.versions._tasks)
    stage.stored(1, 2, 3)
    await stage.becomes({3: ("stable", "serving"), 2: ("", "available"), 1: ("", "available")})
    assert tried == [1]
    stage.stored(1, 2, 3, 4)
    (await stage.engine()).is_ready()
    await stage.becomes_stable(4)
    await asyncio.gather(*stage.versions._tasks)
    assert sorted(tried) == [1, 1, 2]
