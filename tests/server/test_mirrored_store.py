"""A store on an object store: what is seen of it, kept of it, and written to it."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest

from recserve.server.labels import CANARY, STABLE
from recserve.server.model_store import InvalidVersion, ModelStore, Pin, Rollback, mirror
from recserve.server.model_store.location import StoreUrl
from recserve.server.model_store.mirror import CacheFull, MirroredModelStore
from recserve.server.model_store.objects import Objects, Overtaken, StoreAway
from server.artefact import manifest, write_manifest, write_version

URL = StoreUrl("memory://bucket/models/default")
WHY = Rollback(STABLE, 1, "errors", "it cannot answer", 1_700_000_000.0)


class Bucket:
    """The object store itself, as a trainer or another server sees it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.system = fsspec.filesystem("memory")

    def put(self, number: int, *, without: str = "", items: tuple[str, ...] = ("a", "b")) -> None:
        """Publish a version, or all of it but one file."""
        shutil.rmtree(self._folder, ignore_errors=True)
        folder = write_version(self._folder / "default", number, items)
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder).as_posix()
            if name != without:
                self.write(f"{number}/{name}", path.read_bytes())

    def write(self, name: str, content: bytes) -> None:
        self.system.pipe_file(f"/bucket/models/default/{name}", content)

    def names(self) -> set[str]:
        root = "/bucket/models/default/"
        return {name.removeprefix(root) for name in self.system.find(root)}


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    made = Bucket(tmp_path / "elsewhere")
    made.system.store.clear()
    return made


@pytest.fixture
def store(tmp_path: Path) -> MirroredModelStore:
    return MirroredModelStore(tmp_path / "cache" / "default", Objects(URL))


@pytest.fixture
def reader(tmp_path: Path) -> ModelStore:
    """What only reads the mirror, as the front end and the engines do."""
    return ModelStore(tmp_path / "cache" / "default")


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A function after which the object store cannot be reached."""

    def fail(*_arguments: Any, **_options: Any) -> None:
        raise ConnectionResetError("no route to the store")

    def cut() -> None:
        for name in ("find", "info", "cat_file", "pipe_file", "rm_file", "open"):
            monkeypatch.setattr(fsspec.filesystem("memory"), name, fail, raising=False)
            monkeypatch.setattr(type(fsspec.filesystem("memory")), name, fail)

    return cut


def test_a_version_is_seen_at_once_and_fetched_when_it_is_wanted(
    store: MirroredModelStore, reader: ModelStore, bucket: Bucket
) -> None:
    bucket.put(1)
    bucket.put(2)
    assert list(store.fingerprints()) == [2, 1] == reader.versions()
    assert reader.manifest(2).version == 2
    assert [path.name for path in reader.folder(2).iterdir()] == ["manifest.json"]
    store.verify(2)
    assert reader.verify(2) == reader.manifest(2)
    assert [path.name for path in reader.folder(1).iterdir()] == ["manifest.json"]


def test_a_store_that_does_not_exist_yet_is_empty(
    store: MirroredModelStore, bucket: Bucket
) -> None:
    assert store.fingerprints() == {}
    assert store.versions() == []
    assert store.pins() == {}


def test_a_version_without_a_manifest_is_never_seen(
    store: MirroredModelStore, bucket: Bucket
) -> None:
    bucket.put(1)
    bucket.put(2, without="manifest.json")
    assert list(store.fingerprints()) == [1]
    assert store.versions() == [1]


def test_what_a_killed_trainer_left_is_removed_after_a_day_and_not_before(
    store: MirroredModelStore, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(1)
    bucket.put(2, without="manifest.json")
    before = bucket.names()
    store.empty_deleted()
    assert bucket.names() == before
    later = time.time() + mirror.ABANDONED_SECONDS + 60
    monkeypatch.setattr(mirror.time, "time", lambda: later)
    store.empty_deleted()
    assert {name for name in bucket.names() if name.startswith("2/")} == set()
    assert ".numbers/2" in bucket.names()  # and so is not given again
    assert list(store.fingerprints()) == [1]


def test_fingerprints_differ_once_files_have_changed_and_only_then(
    store: MirroredModelStore, bucket: Bucket
) -> None:
    bucket.put(1)
    first = store.fingerprints()
    store.verify(1)
    assert store.fingerprints() == first
    bucket.put(1, items=("a", "c"))
    assert store.fingerprints() != first


def test_another_version_under_the_same_number_is_fetched_anew(
    store: MirroredModelStore, bucket: Bucket
) -> None:
    bucket.put(1)
    store.fingerprints()
    before = store.verify(1)
    bucket.put(1, items=("a", "c"))
    store.fingerprints()
    assert store.verify(1) != before


def test_a_file_that_is_not_what_the_manifest_says_is_refused_and_not_kept(
    store: MirroredModelStore, reader: ModelStore, bucket: Bucket
) -> None:
    bucket.put(1)
    bucket.write("1/items.npz", b"longer than what was written there by the trainer" * 100)
    bucket.write("1/saved_model/saved_model.pb", b"grapf")
    store.fingerprints()
    with pytest.raises(InvalidVersion, match=r"has not the size|its checksum differs"):
        store.verify(1)
    assert not (reader.folder(1) / "items.npz").exists()
    assert not list(reader.folder(1).rglob(".part-*"))
    bucket.put(1)
    store.fingerprints()
    store.verify(1)


def test_a_file_that_is_missing_is_said(store: MirroredModelStore, bucket: Bucket) -> None:
    bucket.put(1, without="items.npz")
    store.fingerprints()
    with pytest.raises(InvalidVersion, match=r"files are missing: items\.npz"):
        store.verify(1)


def test_a_file_that_was_spoilt_in_the_mirror_is_fetched_again(
    store: MirroredModelStore, reader: ModelStore, bucket: Bucket
) -> None:
    bucket.put(1)
    store.fingerprints()
    store.verify(1)
    (reader.folder(1) / "saved_model" / "saved_model.pb").write_bytes(b"grapf")
    (reader.folder(1) / "added").write_bytes(b"x")
    store.verify(1)
    assert not (reader.folder(1) / "added").exists()


def test_a_hostile_manifest_writes_nothing_outside_the_mirror(
    store: MirroredModelStore, bucket: Bucket, tmp_path: Path
) -> None:
    folder = write_version(tmp_path / "hostile" / "default", 1)
    message = manifest(folder)
    message.files.add(path="../../../stolen", size_bytes=3, sha256="0" * 64)
    write_manifest(folder, message)
    bucket.write("1/manifest.json", (folder / "manifest.json").read_bytes())
    bucket.write("stolen", b"abc")
    store.fingerprints()
    with pytest.raises(InvalidVersion, match="is no name for a file"):
        store.verify(1)
    assert not list(tmp_path.rglob("stolen"))


def test_a_huge_manifest_is_refused_without_being_copied(
    store: MirroredModelStore, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "MAX_MANIFEST_BYTES", 1000)
    bucket.write("1/manifest.json", b" " * (17 << 20))
    store.fingerprints()
    path = store.folder(1) / "manifest.json"
    assert path.stat().st_blocks == 0
    with pytest.raises(InvalidVersion, match="too large"):
        store.manifest(1)


def test_the_longest_unused_version_makes_room_for_the_next(tmp_path: Path, bucket: Bucket) -> None:
    for number in (1, 2, 3):
        bucket.put(number)
    store = MirroredModelStore(tmp_path / "cache" / "default", Objects(URL))
    store.fingerprints()
    size = sum(file.size_bytes for file in store.verify(1).files)
    store = MirroredModelStore(
        tmp_path / "cache" / "default", Objects(URL), cache_bytes=2 * size + 100
    )
    store.fingerprints()
    store.verify(2)
    store.verify(1)
    store.verify(3)
    has_files = {n: (store.folder(n) / "items.npz").exists() for n in (1, 2, 3)}
    assert has_files == {1: True, 2: False, 3: True}
    assert store.versions() == [3, 2, 1]
    store.hold(frozenset({1, 3}))
    with pytest.raises(CacheFull, match="store_cache_bytes is too small"):
        store.verify(2)
    assert (store.folder(1) / "items.npz").exists()


def test_what_is_in_the_mirror_needs_no_store(
    store: MirroredModelStore, bucket: Bucket, cut: Callable[[], None]
) -> None:
    bucket.put(1)
    store.fingerprints()
    store.verify(1)
    cut()
    assert store.verify(1).version == 1
    with pytest.raises(StoreAway, match="memory://bucket/models/default: no route to the store"):
        store.fingerprints()
    with pytest.raises(StoreAway):
        store.pin(STABLE, 1, seen=1)
    assert store.pins() == {}
    with pytest.raises(StoreAway):
        store.delete(1)
    assert store.versions() == [1]


def test_a_server_that_is_started_without_its_store_begins_with_the_mirror(
    store: MirroredModelStore, bucket: Bucket, cut: Callable[[], None], tmp_path: Path
) -> None:
    bucket.put(1)
    store.fingerprints()
    store.verify(1)
    cut()
    later = MirroredModelStore(tmp_path / "cache" / "default", Objects(URL))
    assert list(later.fingerprints()) == [1]
    assert later.verify(1).version == 1
    with pytest.raises(StoreAway):
        later.fingerprints()


def test_a_deleted_version_is_gone_everywhere_and_its_number_stays_given(
    store: MirroredModelStore, bucket: Bucket
) -> None:
    bucket.put(1)
    bucket.put(2)
    store.fingerprints()
    store.delete(2)
    assert store.versions() == [1]
    assert list(store.fingerprints()) == [1]
    assert {name for name in bucket.names() if not name.startswith("1/")} == {".numbers/2"}
    with pytest.raises(FileNotFoundError):
        store.delete(2)


def test_a_version_whose_removal_was_cut_off_is_not_seen(
    store: MirroredModelStore, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(1)
    store.fingerprints()
    remove = Objects.remove

    def once(objects: Objects, names: list[str]) -> None:
        remove(objects, names[:1])
        raise StoreAway("memory://", "cut off") if len(names) > 1 else StopIteration

    monkeypatch.setattr(Objects, "remove", once)
    with pytest.raises(StopIteration):
        store.delete(1)
    assert store.fingerprints() == {}


def test_labels_are_written_for_every_server_of_the_store(
    store: MirroredModelStore, bucket: Bucket, tmp_path: Path
) -> None:
    bucket.put(1)
    other = MirroredModelStore(tmp_path / "other" / "default", Objects(URL))
    store.fingerprints()
    other.fingerprints()
    store.pin(STABLE, 1, seen=1)
    assert store.pins() == {STABLE: Pin(1, 1)}
    other.fingerprints()
    assert other.pins() == {STABLE: Pin(1, 1)}
    other.pin(CANARY, None, seen=1)
    other.note_rollback(1, WHY)
    store.fingerprints()
    assert store.pins() == {STABLE: Pin(1, 1), CANARY: Pin(0, 1)}
    assert store.rollbacks() == {1: WHY}
    store.note_rollback(1, None)
    assert store.rollbacks() == {}


def test_a_change_that_was_overtaken_is_made_again_on_what_is_there_then(
    store: MirroredModelStore, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = MirroredModelStore(tmp_path / "other" / "default", Objects(URL))
    replace = Objects.replace
    overtaken = []

    def slow(objects: Objects, name: str, content: bytes, tag: str) -> None:
        if not overtaken:
            overtaken.append(name)
            other.pin(CANARY, 2, seen=2)
            raise Overtaken(name)
        replace(objects, name, content, tag)

    monkeypatch.setattr(Objects, "replace", slow)
    store.pin(STABLE, 1, seen=2)
    assert overtaken == ["labels.json"]
    assert store.pins() == {STABLE: Pin(1, 2), CANARY: Pin(2, 2)}


def test_a_version_that_a_run_made_is_found_without_waiting_for_the_next_look(
    store: MirroredModelStore, bucket: Bucket
) -> None:
    bucket.put(1)
    assert store.made_by("models/default/trainingRuns/1", since=0) is None
    assert store.versions() == [1]
