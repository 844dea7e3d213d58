"""Writes a model version: its files, then the manifest that lists them."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path

from google.protobuf import json_format

from recserve.trainer.store import MANIFEST, Store
from recserve.v1 import model_pb2

FORMAT_VERSION = 1
PRODUCERS = ("recserve", "tensorflow", "keras", "numpy")


def publish(
    store: Store, manifest: model_pb2.ModelVersion, write: Callable[[Path], None]
) -> tuple[Path, model_pb2.ModelVersion]:
    """Writes and publishes a version.

    Args:
        store: Where to.
        manifest: All but the number and the files, which are filled in.
        write: Writes the files into a folder.

    Returns:
        The version's folder and the whole manifest.
    """
    manifest.model = store.model
    manifest.producers.extend(f"{name} {importlib.metadata.version(name)}" for name in PRODUCERS)
    with store.staging() as staging:
        write(staging)
        manifest.files.extend(_files(staging))
        manifest.size_bytes = sum(file.size_bytes for file in manifest.files)

        def finish(number: int) -> None:
            manifest.version = number
            manifest.name = f"models/{store.model}/versions/{number}"
            (staging / MANIFEST).write_text(to_json(manifest), encoding="utf-8")

        return store.publish(staging, finish), manifest


def to_json(manifest: model_pb2.ModelVersion) -> str:
    """The manifest as it lies in the artefact."""
    return json_format.MessageToJson(manifest, preserving_proto_field_name=True) + "\n"


def _files(folder: Path) -> list[model_pb2.ArtefactFile]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as stream:
                digest = file_digest(stream, "sha256").hexdigest()
            name = path.relative_to(folder).as_posix()
            found.append(
                model_pb2.ArtefactFile(path=name, size_bytes=path.stat().st_size, sha256=digest)
            )
    return found
