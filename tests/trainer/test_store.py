"""Publishing is all or nothing, whoever else publishes and whatever dies."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from recserve.trainer import artefact, item_table, weights
from recserve.trainer.errors import StoreError, WarmStartError
from recserve.trainer.store import Store
from recserve.v1 import model_pb2


def publish(store: Store, text: str = "x") -> Path:
    def write(folder: Path) -> None:
        (folder / "items.npz").write_text(text)

    return artefact.publish(store, model_pb2.ModelVersion(), write)[0]


def nothing(folder: Path) -> None:
    """Writes no files."""


def hidden(store: Store) -> list[Path]:
    return list(store.folder.glob(".staging-*"))


def test_versions_are_numbered_from_one(tmp_path: Path) -> None:
    store = Store(tmp_path, "default")

    paths = [publish(store), publish(store)]

    assert [path.name for path in paths] == ["1", "2"]
    assert store.versions() == [1, 2]
    assert store.manifest().name == "models/default/versions/2"
    assert hidden(store) == []


def test_the_manifest_lists_every_other_file_with_its_digest(tmp_path: Path) -> None:
    store = Store(tmp_path, "default")
    publish(store, "hello")

    (file,) = store.manifest().files

    assert (file.path, file.size_bytes) == ("items.npz", 5)
    assert file.sha256 == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def test_a_number_that_another_took_meanwhile_is_passed_over(tmp_path: Path) -> None:
    store = Store(tmp_path, "default")

    def write(folder: Path) -> None:
        publish(Store(tmp_path, "default"), "the other")

    path, manifest = artefact.publish(store, model_pb2.ModelVersion(), write)

    assert path.name == "2"
    assert manifest.version == 2
    assert (tmp_path / "default" / "1" / "items.npz").read_text() == "the other"


def test_many_at_once_each_get_a_number_of_their_own(tmp_path: Path) -> None:
    names: list[str] = []

    def run(number: int) -> None:
        names.append(publish(Store(tmp_path, "default"), str(number)).name)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(names) == [str(number) for number in range(1, 9)]
    texts = {(tmp_path / "default" / name / "items.npz").read_text() for name in names}
    assert texts == {str(number) for number in range(8)}


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    store = Store(tmp_path, "default")

    def write(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError, match="disk on fire"):
        artefact.publish(store, model_pb2.ModelVersion(), write)

    assert store.versions() == []
    assert hidden(store) == []


def test_what_a_killed_run_left_is_not_a_version_and_is_removed_by_the_next(
    tmp_path: Path,
) -> None:
    script = textwrap.dedent(
        f"""
        import sys, time
        from pathlib import Path
        from recserve.trainer.store import Store
        with Store(Path({str(tmp_path)!r}), "default").staging() as folder:
            (folder / "half").write_text("x")
            print("staged", flush=True)
            time.sleep(60)
        """
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == b"staged\n"
        store = Store(tmp_path, "default")
        publish(store)
        assert len(hidden(store)) == 1  # its owner lives
        os.kill(killed.pid, signal.SIGKILL)
    assert store.versions() == [1]

    publish(store)

    assert hidden(store) == []
    assert store.versions() == [1, 2]


@pytest.mark.parametrize("left", ["full", "empty"])
def test_a_number_is_never_given_again(tmp_path: Path, left: str) -> None:
    store = Store(tmp_path, "default")
    publish(store)
    publish(store)
    (store.folder / "2").rename(store.folder / ".deleted-2")
    if left == "empty":
        shutil.rmtree(store.folder / ".deleted-2")
        (store.folder / ".deleted-2").mkdir()

    assert publish(store).name == "3"
    assert store.versions() == [1, 3]


def test_a_number_that_was_given_and_deleted_meanwhile_is_passed_over(tmp_path: Path) -> None:
    store = Store(tmp_path, "default")

    def write(folder: Path) -> None:
        (folder / "items.npz").touch()

    numbers: list[int] = []

    def finish(number: int) -> None:
        numbers.append(number)
        (store.folder / ".deleted-1").mkdir(exist_ok=True)

    with store.staging() as folder:
        write(folder)
        path = store.publish(folder, finish, lambda: None)

    assert (path.name, numbers) == ("2", [1, 2])


def test_a_file_with_a_number_for_a_name_is_passed_over(tmp_path: Path) -> None:
    store = Store(tmp_path, "default")
    store.folder.mkdir()
    (store.folder / "1").touch()

    assert publish(store).name == "2"


def test_a_version_that_is_not_confirmed_does_not_appear(tmp_path: Path) -> None:
    store = Store(tmp_path, "default")
    seen: list[list[str]] = []

    def refuse() -> None:
        (staged,) = hidden(store)
        seen.append(sorted(path.name for path in staged.iterdir()))
        raise SystemExit

    with pytest.raises(SystemExit):
        artefact.publish(store, model_pb2.ModelVersion(), nothing, refuse)

    assert seen == [["manifest.json"]]
    assert list(store.folder.iterdir()) == []


@pytest.mark.parametrize("at_most", [0, 1000, 100_000])
def test_a_file_that_the_disk_does_not_take_leaves_no_version_and_is_told(
    tmp_path: Path, at_most: int
) -> None:
    """Files are limited in size, by the first, second or last of which the write fails."""
    script = textwrap.dedent(
        f"""
        import resource
        from pathlib import Path
        from recserve.trainer import artefact
        from recserve.trainer.errors import StoreError
        from recserve.trainer.store import Store
        from recserve.v1 import model_pb2
        def write(folder):
            for name, size in (("a", 10), ("b", 20_000), ("c", 200_000)):
                (folder / name).write_bytes(b"x" * size)
        resource.setrlimit(resource.RLIMIT_FSIZE, ({at_most}, {at_most}))
        try:
            artefact.publish(Store(Path({str(tmp_path)!r}), "m"), model_pb2.ModelVersion(), write)
        except StoreError as error:
            print(error)
        """
    )
    program = [sys.executable, "-c", script]
    done = subprocess.run(program, capture_output=True, text=True, check=True)

    store = Store(tmp_path, "m")
    told = f"cannot write a version into {store.folder}: File too large; nothing was published\n"
    assert done.stdout == told
    assert list(store.folder.iterdir()) == []


def test_a_manifest_that_the_disk_does_not_take_leaves_no_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str, encoding: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_text", full)
    store = Store(tmp_path, "default")

    with pytest.raises(StoreError, match="No space left on device; nothing was published"):
        artefact.publish(store, model_pb2.ModelVersion(), nothing)

    assert list(store.folder.iterdir()) == []


def test_files_that_changed_since_are_noticed(tmp_path: Path) -> None:
    store = Store(tmp_path, "default")
    path = publish(store, "hello")
    assert artefact.is_intact(path, store.manifest())

    (path / "items.npz").write_text("hallo")

    assert not artefact.is_intact(path, store.manifest())


def test_a_malformed_model_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="lower-case"):
        Store(tmp_path, "../elsewhere")


def test_a_version_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    store = Store(tmp_path, "default")
    with pytest.raises(StoreError, match="holds no version"):
        store.path()
    publish(store)
    with pytest.raises(StoreError, match="no version 7; it has 1"):
        store.path(7)


def test_a_store_that_is_a_file_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    file = tmp_path / "models"
    file.touch()
    with pytest.raises(StoreError, match="is a file"):
        Store(file, "default").check_writable()
    Store(tmp_path / "new" / "store", "default").check_writable()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"words"])
def test_damaged_arrays_are_told_by_their_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.npz"
    path.write_bytes(content)

    with pytest.raises(WarmStartError, match=r"file\.npz: cannot be read"):
        weights.read(path)
    with pytest.raises(StoreError, match=r"file\.npz: cannot be read"):
        item_table.read_ids(path)
