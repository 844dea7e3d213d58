"""Models in an S3 bucket: the real commands, the real s3fs, a real S3 server."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from integration.datasets import write_tastes
from integration.s3_server import S3Server, s3_server
from integration.server_process import eventually, run, serving
from recserve.client import Client
from recserve.server.labels import CANARY, SHADOW, STABLE
from recserve.server.model_store.location import StoreUrl
from recserve.server.model_store.mirror import MirroredModelStore
from recserve.server.model_store.objects import Objects, Overtaken, StoreAway
from recserve.trainer import artefact
from recserve.trainer.object_store import ObjectStore

pytestmark = pytest.mark.integration

URL = "s3://shop/models"
FIT = ("recserve-trainer", "fit", "data", "--store", URL, "--max-epochs", 1)
SERVE = ("--store", URL, "--store-look-seconds", 0.2)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> fsspec.AbstractFileSystem:
    system = fsspec.filesystem("s3", use_listings_cache=False, skip_instance_cache=True)
    for name in ("shop", "other", "killed"):
        if not system.exists(name):
            system.mkdir(name)
    return system


def publish_next(folder: Path) -> None:
    """Train once more in `make verify`, from the version in the bucket; else copy that."""
    if os.environ.get("RECSERVE_VERIFY"):
        run(*FIT, "--mode", "warm-start", cwd=folder)
        return
    store = ObjectStore(URL, "default")
    manifest, made = store.manifest(1), store.path(1)
    for cleared in ("producers", "files"):
        manifest.ClearField(cleared)
    names = [file.path for file in store.manifest(1).files if file.path != artefact.REPORT]

    def write(staged: Path) -> None:
        for name in names:
            (staged / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(made / name, staged / name)

    artefact.publish(store, manifest, write)


def test_a_model_is_trained_into_a_bucket_served_from_it_replaced_and_deleted(
    s3: S3Server, bucket: fsspec.AbstractFileSystem, tmp_path: Path
) -> None:
    write_tastes(tmp_path / "data")
    run(*FIT, cwd=tmp_path)
    bucket.pipe_file("shop/models/default/9/items.npz", b"half of a version")
    options = (*SERVE, "--store-cache", tmp_path / "cache")
    with serving(tmp_path, *options) as server, Client(server.address) as client:
        server.wait_until_warm()
        client.feedback("user-1", "item-3", "view")
        assert client.recommend("user-1").model_version == 1
        assert [version.version for version in client.models()] == [1]

        # The next one goes live, above every number there is.
        publish_next(tmp_path)
        eventually(lambda: client.recommend("user-1").model_version == 10, "version 10")
        assert client.set_model_label(1, "stable").labels == ("stable",)
        assert b'"version": 1' in bucket.cat_file("shop/models/default/labels.json")
        client.delete_model_version(10)
        assert [version.version for version in client.models()] == [1]
        kept = {name.split("/")[3] for name in bucket.find("shop/models/default")}
        assert kept == {"1", "9", "labels.json", ".numbers"}

        # The store goes away: what serves goes on, and what needs the store says so.
        s3.stop()
        engine = server.children()["engine"]
        eventually(lambda: server.said("the store cannot be read"), "that the store is away")
        assert client.recommend("user-1").model_version == 1
        assert server.children()["engine"] == engine
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
        assert "secret-of-the-store" not in server.log_file.read_text()
    s3.start()


def test_a_trainer_that_is_killed_before_the_manifest_leaves_no_version(
    bucket: fsspec.AbstractFileSystem, tmp_path: Path
) -> None:
    program = textwrap.dedent(
        """
        import sys, time
        from recserve.trainer import artefact
        from recserve.trainer.object_store import ObjectStore
        from recserve.v1 import model_pb2

        def write(folder):
            (folder / "items.npz").write_bytes(b"x" * 1000)

        def hang():
            print("copied", flush=True)
            time.sleep(600)

        store = ObjectStore("s3://killed/models", "default")
        artefact.publish(store, model_pb2.ModelVersion(), write, hang)
        """
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as trainer:
        assert trainer.stdout is not None
        assert trainer.stdout.readline() == b"copied\n"
        trainer.kill()
    assert "killed/models/default/1/items.npz" in bucket.find("killed")
    store = ObjectStore("s3://killed/models", "default")
    assert store.versions() == []
    assert store.next_number() == 2
    mirrored = MirroredModelStore(
        tmp_path / "default", Objects(StoreUrl("s3://killed/models/default"))
    )
    assert mirrored.fingerprints() == {}


def test_writers_at_the_same_time_lose_nothing_on_s3(
    bucket: fsspec.AbstractFileSystem, tmp_path: Path
) -> None:
    """S3 writes on a condition; each of these writers would otherwise undo the others' change."""
    labels = (STABLE, CANARY, SHADOW)
    ready = threading.Barrier(len(labels))

    def write(number: int, label: str) -> None:
        objects = Objects(StoreUrl("s3://other/models/default"))
        store = MirroredModelStore(tmp_path / label / "default", objects)
        ready.wait()
        store.pin(label, number, seen=9)

    threads = [threading.Thread(target=write, args=pair) for pair in enumerate(labels, start=1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = MirroredModelStore(tmp_path / "default", Objects(StoreUrl("s3://other/models/default")))
    store.fingerprints()
    assert {label: pin.version for label, pin in store.pins().items()} == {
        STABLE: 1,
        CANARY: 2,
        SHADOW: 3,
    }


def test_s3_refuses_what_was_overtaken(bucket: fsspec.AbstractFileSystem) -> None:
    objects = Objects(StoreUrl("s3://other/conditions"))
    objects.replace("a", b"1", "")
    with pytest.raises(Overtaken):
        objects.replace("a", b"2", "")
    _, tag = objects.read("a", 100)
    objects.replace("a", b"2", tag)
    with pytest.raises(Overtaken):
        objects.replace("a", b"3", tag)
    assert objects.read("a", 100)[0] == b"2"
    assert objects.read("none", 100) == (b"", "")


def test_a_bucket_that_is_not_there_is_no_empty_store(
    bucket: fsspec.AbstractFileSystem, tmp_path: Path
) -> None:
    objects = Objects(StoreUrl("s3://nowhere-at-all/models/default"))
    with pytest.raises(OSError, match="does not exist") as caught:
        MirroredModelStore(tmp_path / "default", objects).fingerprints()
    assert isinstance(caught.value, StoreAway | FileNotFoundError)
