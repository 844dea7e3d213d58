"""Writes a model version: its files, then the manifest that lists them."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path

from google.protobuf import json_format

from recserve.trainer.errors import StoreError
from recserve.trainer.store import MANIFEST, Store
from recserve.v1 import model_pb2

FORMAT_VERSION = 1
REPORT = "report.html"
PRODUCERS = ("recserve", "tensorflow", "keras", "numpy")


def publish(
    store: Store,
    manifest: model_pb2.ModelVersion,
    write: Callable[[Path], None],
    confirm: Callable[[], None] = lambda: None,
    describe: Callable[[model_pb2.ModelVersion], str | None] = lambda _manifest: None,
) -> tuple[Path, model_pb2.ModelVersion]:
    """Writes and publishes a version.

    Args:
        store: Where to.
        manifest: All but the number and the files, which are filled in.
        write: Writes the files into a folder.
        confirm: Called at the last moment before the version appears; what it raises stops
            that.
        describe: Makes the report, HTML, from the manifest, which then has all but the report
            among its files; None for no report.

    Returns:
        The version's folder and the whole manifest.

    Raises:
        StoreError: If it cannot be written, as on a full disk; nothing is published then.
    """
    manifest.model = store.model
    manifest.producers.extend(f"{name} {importlib.metadata.version(name)}" for name in PRODUCERS)
    with store.staging() as staging:

        def finish(number: int) -> None:
            manifest.version = number
            manifest.name = f"models/{store.model}/versions/{number}"
            _list(manifest, written)
            page = staging / REPORT
            if (report := describe(manifest)) is None:
                page.unlink(missing_ok=True)  # that of a number which was taken meanwhile
            else:
                page.write_text(report, encoding="utf-8")
                _list(manifest, [*written, described(page, staging)])
            (staging / MANIFEST).write_text(to_json(manifest), encoding="utf-8")

        try:
            write(staging)
            written = files(staging)
            return store.publish(staging, finish, confirm), manifest
        except OSError as error:
            raise StoreError(
                f"cannot write a version into {store}: {error.strerror or error}; nothing "
                "was published"
            ) from error


def is_intact(folder: Path, manifest: model_pb2.ModelVersion) -> bool:
    """Whether the files of a version are those that its manifest lists, byte for byte."""
    found = [file for file in files(folder) if file.path != MANIFEST]
    return found == sorted(manifest.files, key=lambda file: Path(file.path))


def to_json(manifest: model_pb2.ModelVersion) -> str:
    """The manifest as it lies in the artefact."""
    return json_format.MessageToJson(manifest, preserving_proto_field_name=True) + "\n"


def files(folder: Path) -> list[model_pb2.ArtefactFile]:
    """The files of a folder with their digests, in the order of their paths."""
    return [described(path, folder) for path in sorted(folder.rglob("*")) if path.is_file()]


def described(path: Path, folder: Path) -> model_pb2.ArtefactFile:
    """A file of a folder with its size and digest."""
    with path.open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
    name = path.relative_to(folder).as_posix()
    return model_pb2.ArtefactFile(path=name, size_bytes=path.stat().st_size, sha256=digest)


def _list(manifest: model_pb2.ModelVersion, listed: list[model_pb2.ArtefactFile]) -> None:
    manifest.ClearField("files")
    manifest.files.extend(sorted(listed, key=lambda file: Path(file.path)))
    manifest.size_bytes = sum(file.size_bytes for file in listed)
