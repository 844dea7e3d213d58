"""A version that is not exactly what the trainer wrote is refused, with the reason."""

import os
from pathlib import Path

import pytest

from recserve.server.labels import CANARY, STABLE
from recserve.server.model_store import InvalidPins, InvalidVersion, ModelStore, Pin, Rollback
from recserve.server.model_store import manifest as manifests
from recserve.server.model_store import store as stores
from recserve.v1 import schema_pb2
from server.artefact import manifest, write_manifest, write_version


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "default")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Version 3, whole."""
    return write_version(tmp_path / "default", 3)


def refused(store: ModelStore, match: str, version: int = 3) -> None:
    with pytest.raises(InvalidVersion, match=match):
        store.verify(version)


def test_a_whole_version_is_verified(store: ModelStore, folder: Path) -> None:
    assert store.verify(3).version == 3
    assert store.folder(3) == folder


def test_a_store_that_does_not_exist_yet_is_empty(store: ModelStore) -> None:
    assert store.versions() == []


def test_only_folders_with_a_number_for_a_name_are_versions(
    store: ModelStore, folder: Path
) -> None:
    model = folder.parent
    for name in (".staging-4", "4.tmp", "latest", "04", "-5", "5a", "٦", "9" * 19, "0"):
        (model / name).mkdir()
    (model / "8").write_text("a file")
    write_version(model, 12)
    assert store.versions() == [12, 3]


def test_a_missing_file_is_refused(store: ModelStore, folder: Path) -> None:
    (folder / "saved_model" / "saved_model.pb").unlink()
    refused(store, r"missing: saved_model/saved_model\.pb")


def test_an_added_file_is_refused(store: ModelStore, folder: Path) -> None:
    (folder / "saved_model" / "extra.so").write_bytes(b"code")
    refused(store, r"not in the manifest: saved_model/extra\.so")


def test_a_truncated_file_is_refused(store: ModelStore, folder: Path) -> None:
    os.truncate(folder / "items.npz", 10)
    refused(store, r"items\.npz has not the size")


def test_a_changed_file_of_the_same_size_is_refused(store: ModelStore, folder: Path) -> None:
    path = folder / "saved_model" / "saved_model.pb"
    path.write_bytes(path.read_bytes()[::-1])
    refused(store, r"saved_model\.pb .* checksum differs")


def test_a_file_that_cannot_be_read_is_refused(
    store: ModelStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(path: Path) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(stores, "_sha256", failing)
    refused(store, "cannot be read: .*Input/output error")


@pytest.mark.parametrize("listed", [True, False])
def test_a_link_is_refused(store: ModelStore, folder: Path, tmp_path: Path, listed: bool) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"secret")
    (folder / "link").symlink_to(outside)
    if listed:
        write_manifest(folder, manifest(folder))
    refused(store, "link is a link")


def test_a_link_to_a_folder_is_refused(store: ModelStore, folder: Path, tmp_path: Path) -> None:
    (folder / "assets").symlink_to(tmp_path)
    refused(store, "assets is a link")


def test_a_version_without_a_manifest_is_refused(store: ModelStore, folder: Path) -> None:
    (folder / "manifest.json").unlink()
    refused(store, r"no manifest\.json")
    refused(store, r"no manifest\.json", version=99)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"version": "three"}',
        b'{"files": 3}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=["empty", "cut", "list", "null", "binary", "type", "files", "deep list", "deep map"],
)
def test_a_garbled_manifest_is_refused(store: ModelStore, folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    refused(store, "manifest|format")


def test_a_manifest_that_is_a_pipe_or_a_device_is_refused_unread(
    store: ModelStore, folder: Path
) -> None:
    (folder / "manifest.json").unlink()
    os.mkfifo(folder / "manifest.json")
    refused(store, "cannot be read: it is not a file")
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").symlink_to("/dev/zero")
    refused(store, "cannot be read: it is not a file")


@pytest.mark.parametrize("name", ["history_length", "multi_valued_length"])
@pytest.mark.parametrize("length", [-1, 2_000_000_000])
def test_a_layout_that_no_request_could_be_padded_to_is_refused(
    store: ModelStore, folder: Path, name: str, length: int
) -> None:
    message = manifest(folder)
    setattr(message.layout, name, length)
    write_manifest(folder, message)
    refused(store, name)


def test_a_huge_manifest_is_refused_unread(store: ModelStore, folder: Path) -> None:
    os.truncate(folder / "manifest.json", manifests.MAX_MANIFEST_BYTES + 1)
    refused(store, "too large")


def test_a_manifest_that_is_a_folder_is_refused(store: ModelStore, folder: Path) -> None:
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").mkdir()
    refused(store, "cannot be read")


@pytest.mark.parametrize("field", ["version", "model"])
def test_the_manifest_of_another_version_is_refused(
    store: ModelStore, folder: Path, field: str
) -> None:
    message = manifest(folder)
    setattr(message, field, {"version": 4, "model": "other"}[field])
    write_manifest(folder, message)
    refused(store, "the manifest is of .* not of 'default' version 3")


@pytest.mark.parametrize("version", [0, 2, 99, -1])
def test_a_layout_that_this_server_does_not_know_is_refused(
    store: ModelStore, folder: Path, version: int
) -> None:
    message = manifest(folder)
    message.layout.format_version = version
    write_manifest(folder, message)
    refused(store, f"its format is {version}; .*upgrade")


def test_a_faulty_schema_is_refused(store: ModelStore, folder: Path) -> None:
    untyped = schema_pb2.Feature(name="title")
    write_manifest(folder, manifest(folder, schema_pb2.Schema(context_features=[untyped])))
    refused(store, "schema in its manifest is faulty: .*title")


def test_fields_of_a_newer_trainer_are_passed_over(store: ModelStore, folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace("{", '{"invented_later": {"x": 1},', 1))
    assert store.verify(3).version == 3


def test_labels_are_kept_with_the_newest_version_of_the_moment(
    store: ModelStore, folder: Path
) -> None:
    assert store.pins() == {}
    store.pin(STABLE, 3, seen=3)
    store.pin(CANARY, None, seen=3)
    assert store.pins() == {STABLE: Pin(3, seen=3), CANARY: Pin(0, seen=3)}
    assert store.versions() == [3]


def test_a_version_that_becomes_stable_loses_its_other_labels(
    store: ModelStore, folder: Path
) -> None:
    store.pin(CANARY, 3, seen=3)
    store.pin(STABLE, 3, seen=3)
    assert store.pins() == {STABLE: Pin(3, seen=3)}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '"stable"',
        '{"stable": 3}',
        '{"stable": {"version": -1, "seen": 3}}',
        "\x00",
        "[" * 60_000,
    ],
)
def test_a_spoilt_file_of_labels_is_told_and_not_replaced(
    store: ModelStore, folder: Path, text: str
) -> None:
    file = folder.parent / "labels.json"
    file.write_text(text)
    with pytest.raises(InvalidPins):
        store.pins()
    with pytest.raises(InvalidPins):
        store.pin(STABLE, 3, seen=3)
    assert file.read_text() == text


def test_labels_that_cannot_be_written_stay(
    store: ModelStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.pin(STABLE, 3, seen=3)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.pin(CANARY, 3, seen=3)
    assert store.pins() == {STABLE: Pin(3, seen=3)}


def test_a_deleted_version_is_gone_and_leaves_its_number_behind(
    store: ModelStore, folder: Path
) -> None:
    store.delete(3)
    assert store.versions() == []
    left = folder.parent / ".deleted-3"
    assert list(left.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        store.delete(3)


def test_the_version_of_a_training_run_is_found(store: ModelStore, folder: Path) -> None:
    whole = manifest(folder)
    whole.training_run = "models/default/trainingRuns/7"
    whole.create_time.seconds = 1000
    write_manifest(folder, whole)
    (write_version(folder.parent, 4) / "manifest.json").write_text("{")
    assert store.made_by("models/default/trainingRuns/7", since=999.5) == 3
    assert store.made_by("models/default/trainingRuns/8", since=0) is None


def test_a_version_of_an_earlier_run_of_the_same_number_is_another_ones(
    store: ModelStore, folder: Path
) -> None:
    whole = manifest(folder)
    whole.training_run = "models/default/trainingRuns/1"
    whole.create_time.seconds = 1000
    write_manifest(folder, whole)
    assert store.made_by("models/default/trainingRuns/1", since=1001) is None


def test_what_a_killed_server_left_of_a_deleted_version_is_removed(
    store: ModelStore, folder: Path
) -> None:
    gone = folder.rename(folder.parent / ".deleted-3")
    store.empty_deleted()
    assert list(gone.iterdir()) == []
    (gone / "left").touch()
    write_version(folder.parent, 3)  # copied back by hand
    store.delete(3)
    assert list(gone.iterdir()) == []
    assert store.versions() == []


WHY = Rollback(STABLE, 3, "errors", "it cannot answer", 1_700_000_000.0)


def test_why_a_version_lost_its_label_is_kept_until_it_has_one_again(
    store: ModelStore, folder: Path
) -> None:
    write_version(folder.parent, 4)
    store.note_rollback(4, WHY)
    assert store.rollbacks() == {4: WHY}
    assert WHY.text == "2023-11-14 22:13 UTC, back to version 3: it cannot answer"
    store.note_rollback(3, None)
    assert store.rollbacks() == {4: WHY}
    store.note_rollback(4, None)
    assert store.rollbacks() == {}


def test_versions_that_are_gone_are_forgotten_with_the_next(
    store: ModelStore, folder: Path
) -> None:
    store.note_rollback(9, WHY)
    store.note_rollback(3, WHY)
    assert list(store.rollbacks()) == [3]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "\x00",
        '{"three": {}}',
        '{"3": 1}',
        '{"3": {"label": "stable", "kind": "x", "why": "y", "to": "z", "time": 0}}',
        '{"3": {"label": "stable", "kind": "x", "why": "y", "to": 1, "time": 1e300}}',
    ],
)
def test_a_spoilt_file_of_rollbacks_is_none(store: ModelStore, folder: Path, text: str) -> None:
    (folder.parent / "rollbacks.json").write_text(text)
    assert store.rollbacks() == {}
    store.note_rollback(3, WHY)
    assert store.rollbacks() == {3: WHY}
