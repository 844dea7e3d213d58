"""What a hostile manifest or item table could do: it is refused before a file is touched."""

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from recserve.server.item_table import ItemTable, ItemTableError
from recserve.server.model_store import InvalidVersion, ModelStore
from recserve.server.model_store.limits import VersionLimits
from server.artefact import manifest, write_manifest, write_version

DIGEST = "0" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_version(tmp_path / "default", 3)


def verify(folder: Path, limits: VersionLimits | None = None) -> None:
    ModelStore(folder.parent, limits).verify(3)


@pytest.mark.parametrize(
    "name",
    [
        "../../secret",
        "/etc/passwd",
        "saved_model/../../4/manifest.json",
        "saved_model//x",
        "./items.npz",
        "..",
        "",
        "a\\..\\b",
        "C:\\x",
        "a\0b",
        "a\nb",
        ".hidden",
        "saved_model/.part-1",
        "\u202egnp.exe",
        "x" * 256,
        "~/x",
    ],
)
def test_a_name_that_could_lead_elsewhere_is_refused(folder: Path, name: str) -> None:
    message = manifest(folder)
    message.files.add(path=name, size_bytes=1, sha256=DIGEST)
    write_manifest(folder, message)
    with pytest.raises(InvalidVersion, match="is no name for a file of a version"):
        verify(folder)


@pytest.mark.parametrize("name", ["ITEMS.npz", "Saved_Model/saved_model.pb", "MANIFEST.json"])
def test_names_that_differ_in_case_alone_are_refused(folder: Path, name: str) -> None:
    message = manifest(folder)
    message.files.add(path=name, size_bytes=1, sha256=DIGEST)
    write_manifest(folder, message)
    with pytest.raises(InvalidVersion, match="differ in nothing but case"):
        verify(folder)


@pytest.mark.parametrize("name", ["items.npz", "manifest.json"])
def test_a_file_that_is_listed_twice_is_refused(folder: Path, name: str) -> None:
    message = manifest(folder)
    message.files.add(path=name, size_bytes=1, sha256=DIGEST)
    write_manifest(folder, message)
    with pytest.raises(InvalidVersion, match="lists a file twice, or itself"):
        verify(folder)


@pytest.mark.parametrize(("size", "digest"), [(-1, DIGEST), (1, ""), (1, "A" * 64), (1, "0" * 63)])
def test_sizes_and_digests_that_are_none_are_refused(folder: Path, size: int, digest: str) -> None:
    message = manifest(folder)
    message.files.add(path="more", size_bytes=size, sha256=digest)
    write_manifest(folder, message)
    with pytest.raises(InvalidVersion, match="no size or no SHA-256"):
        verify(folder)


def test_a_version_of_too_many_bytes_is_refused_by_what_it_says_of_itself(folder: Path) -> None:
    message = manifest(folder)
    message.files.add(path="huge", size_bytes=1 << 40, sha256=DIGEST)
    write_manifest(folder, message)
    with pytest.raises(InvalidVersion, match=r"21474836480 is the limit \(max_version_bytes\)"):
        verify(folder)


def test_a_version_of_too_many_files_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidVersion, match=r"has 3 files; 2 is the limit \(max_version_files\)"):
        verify(folder, VersionLimits(files=2))
    verify(folder, VersionLimits(files=3))


def test_a_catalogue_of_too_many_items_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidVersion, match=r"has 2 items; 1 is the limit \(max_version_items\)"):
        verify(folder, VersionLimits(items=1))
    verify(folder, VersionLimits(items=2))


def test_an_item_table_that_unpacks_to_very_much_is_refused_packed(folder: Path) -> None:
    np.savez_compressed(folder / "items.npz", item_id_bytes=np.zeros(50_000_000, np.uint8))
    assert (folder / "items.npz").stat().st_size < 100_000
    write_manifest(folder, manifest(folder))
    with pytest.raises(InvalidVersion, match=r"unpacks to 50000\d+ bytes; 1000000 is the limit"):
        verify(folder, VersionLimits(bytes=1_000_000))


def test_an_item_table_whose_directory_lies_gives_no_more_than_it_says(folder: Path) -> None:
    """The check goes by the directory of the archive; so must whoever unpacks it."""
    path = folder / "items.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("popularity.npy", b"\0" * 10_000_000)
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02") + 24  # where the directory has the unpacked size
    content[entry : entry + 4] = (100).to_bytes(4, "little")
    path.write_bytes(content)
    with zipfile.ZipFile(path) as archive, pytest.raises(zipfile.BadZipFile, match="CRC"):
        assert len(archive.read("popularity.npy")) <= 100


def test_an_item_table_that_is_no_archive_is_refused(folder: Path) -> None:
    (folder / "items.npz").write_bytes(os.urandom(1000))
    write_manifest(folder, manifest(folder))
    with pytest.raises(InvalidVersion, match=r"items\.npz cannot be read"):
        verify(folder)


def test_an_item_table_with_pickled_objects_is_not_unpickled(folder: Path, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "exploded",))

    np.savez(folder / "items.npz", item_id_bytes=np.array([Bomb()], object))
    with pytest.raises(ItemTableError, match="no readable array"):
        ItemTable.read(folder / "items.npz")
    assert not (tmp_path / "exploded").exists()
