"""A version on an object store is there with its manifest, and its number is given once."""

import json
import threading
import time
from pathlib import Path

import fsspec
import pytest

from recserve.trainer import artefact, object_store
from recserve.trainer.errors import StoreError
from recserve.trainer.location import as_folder, open_store
from recserve.trainer.object_store import ObjectStore
from recserve.trainer.store import Store
from recserve.v1 import model_pb2

URL = "memory://bucket/models"
ROOT = "/bucket/models/default"


@pytest.fixture
def system() -> fsspec.AbstractFileSystem:
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    return memory


@pytest.fixture
def store(system: fsspec.AbstractFileSystem) -> ObjectStore:
    return ObjectStore(URL, "default")


def write(folder: Path) -> None:
    (folder / "saved_model").mkdir()
    (folder / "saved_model" / "saved_model.pb").write_bytes(b"graph")
    (folder / "items.npz").write_bytes(b"items")


def publish(store: Store) -> int:
    return artefact.publish(store, model_pb2.ModelVersion(), write)[1].version


def names(system: fsspec.AbstractFileSystem) -> set[str]:
    return {name.removeprefix(f"{ROOT}/") for name in system.find(ROOT)}


def test_versions_are_numbered_from_one_and_can_be_read_again(
    store: ObjectStore, system: fsspec.AbstractFileSystem
) -> None:
    assert [publish(store), publish(store)] == [1, 2]
    later = ObjectStore(URL, "default")
    assert later.versions() == [1, 2]
    assert artefact.is_intact(later.path(1), later.manifest(1))
    assert later.manifest().name == "models/default/versions/2"
    assert {name for name in names(system) if name.startswith("1/")} == {
        "1/items.npz",
        "1/manifest.json",
        "1/saved_model/saved_model.pb",
    }


def test_the_manifest_is_the_last_that_is_written(
    store: ObjectStore, system: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    commit = ObjectStore._commit

    def look(self: ObjectStore, number: int, manifest: bytes) -> None:
        seen.append((self.versions(), names(system)))
        commit(self, number, manifest)

    monkeypatch.setattr(ObjectStore, "_commit", look)
    publish(store)
    assert seen == [([], {".numbers/1", "1/items.npz", "1/saved_model/saved_model.pb"})]


def test_a_publication_that_fails_leaves_nothing_but_its_number(
    store: ObjectStore, system: fsspec.AbstractFileSystem
) -> None:
    def confirm() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        artefact.publish(store, model_pb2.ModelVersion(), write, confirm)
    assert names(system) == {".numbers/1"}
    assert publish(store) == 2


def test_a_file_that_was_removed_meanwhile_is_noticed_before_the_manifest(
    store: ObjectStore, system: fsspec.AbstractFileSystem
) -> None:
    def confirm() -> None:
        system.rm_file(f"{ROOT}/1/items.npz")

    with pytest.raises(StoreError, match="nothing was published"):
        artefact.publish(store, model_pb2.ModelVersion(), write, confirm)
    assert store.versions() == []


def test_trainers_at_the_same_time_get_different_numbers(
    system: fsspec.AbstractFileSystem,
) -> None:
    ready = threading.Barrier(4)
    numbers = []

    def train() -> None:
        mine = ObjectStore(URL, "default")
        ready.wait()
        numbers.append(publish(mine))

    threads = [threading.Thread(target=train) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == [1, 2, 3, 4] == ObjectStore(URL, "default").versions()


def test_a_number_that_another_draws_first_is_passed_over(
    store: ObjectStore, system: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ObjectStore, "next_number", lambda _self: 1)  # an old look
    system.pipe_file(f"{ROOT}/.numbers/1", b"")
    system.pipe_file(f"{ROOT}/.numbers/2", b"")
    assert publish(store) == 3


def test_numbers_of_deleted_versions_are_not_given_again(
    store: ObjectStore, system: fsspec.AbstractFileSystem
) -> None:
    publish(store)
    publish(store)
    system.rm(f"{ROOT}/2", recursive=True)
    assert publish(store) == 3


def test_what_a_killed_run_left_is_removed_a_day_later(
    store: ObjectStore, system: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.pipe_file(f"{ROOT}/1/items.npz", b"half")
    assert publish(store) == 2
    assert "1/items.npz" in names(system)
    later = time.time() + object_store.ABANDONED_SECONDS + 60
    monkeypatch.setattr(object_store.time, "time", lambda: later)
    assert publish(store) == 3
    assert "1/items.npz" not in names(system)
    assert store.versions() == [2, 3]


@pytest.mark.parametrize("name", ["../../outside", "/tmp/outside", "."])
def test_a_hostile_base_version_writes_nothing_outside(
    store: ObjectStore, system: fsspec.AbstractFileSystem, name: str
) -> None:
    publish(store)
    manifest = json.loads(system.cat_file(f"{ROOT}/1/manifest.json"))
    manifest["files"][0]["path"] = name
    system.pipe_file(f"{ROOT}/1/manifest.json", json.dumps(manifest).encode())
    with pytest.raises(StoreError, match="leads out of the version"):
        ObjectStore(URL, "default").path(1)


def test_a_base_version_that_is_not_what_was_written_is_refused(
    store: ObjectStore, system: fsspec.AbstractFileSystem
) -> None:
    publish(store)
    system.pipe_file(f"{ROOT}/1/items.npz", b"other")
    with pytest.raises(StoreError, match=r"1/items\.npz is not what was written"):
        ObjectStore(URL, "default").path(1)


def test_a_store_that_cannot_be_written_is_known_before_the_training(
    store: ObjectStore, system: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.check_writable()
    assert names(system) == set()

    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError("Access Denied")

    monkeypatch.setattr(type(system), "pipe_file", refuse)
    with pytest.raises(StoreError, match="models/default cannot be written: Access Denied"):
        store.check_writable()


def test_the_places_of_stores(tmp_path: Path, system: fsspec.AbstractFileSystem) -> None:
    assert as_folder("models") == Path("models")
    assert as_folder(f"file://{tmp_path}/a%20b") == tmp_path / "a b"
    assert as_folder("s3://bucket/models") is None
    assert isinstance(open_store(URL, "default"), ObjectStore)
    assert type(open_store(tmp_path, "default")) is Store


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3:///models", "names no bucket"),
        ("s3://key:secret@bucket/models", "give credentials in the environment"),
        ("s3://bucket/models?x=1", "give credentials in the environment"),
        ("file://host/models", "no folder of this machine"),
        ("nothing://bucket/models", "cannot be used"),
    ],
)
def test_urls_that_cannot_be_used_are_refused_with_the_reason(url: str, told: str) -> None:
    with pytest.raises(StoreError, match=told):
        open_store(url, "default")
