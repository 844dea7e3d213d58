"""Versions on disk as docs/artefact.md describes them, with a SavedModel that nobody runs."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import json_format

from recserve.v1 import model_pb2, schema_pb2


def strings(name: str, values: Sequence[str]) -> dict[str, np.ndarray]:
    """A list of strings as an item table holds it."""
    encoded = [value.encode() for value in values]
    return {
        f"{name}_bytes": np.frombuffer(b"".join(encoded), np.uint8),
        f"{name}_offsets": np.cumsum([0, *map(len, encoded)], dtype=np.int64),
    }


def item_table(ids: Sequence[str], **replaced: Any) -> dict[str, Any]:
    """The arrays of `items.npz` for items without features."""
    return {
        **strings("item_id", ids),
        "popularity": np.arange(len(ids), 0, -1, dtype=np.float32),
        "numeric": np.empty((len(ids), 0), np.float32),
        **strings("categorical", []),
        **strings("multi_valued", []),
        **replaced,
    }


def write_version(
    model_folder: Path,
    number: int,
    item_ids: Sequence[str] = ("a", "b"),
    schema: schema_pb2.Schema | None = None,
) -> Path:
    """Write one whole version into the folder of a model."""
    folder = model_folder / str(number)
    (folder / "saved_model" / "variables").mkdir(parents=True)
    (folder / "saved_model" / "saved_model.pb").write_bytes(b"graph")
    (folder / "saved_model" / "variables" / "variables.index").write_bytes(b"index")
    np.savez(folder / "items.npz", **item_table(item_ids))
    write_manifest(folder, manifest(folder, schema))
    return folder


def manifest(folder: Path, schema: schema_pb2.Schema | None = None) -> model_pb2.ModelVersion:
    """The manifest of a version's folder as it lies there."""
    layout = model_pb2.ArtefactLayout(
        format_version=1, history_length=5, multi_valued_length=2, uses_history=True
    )
    number = int(folder.name)
    message = model_pb2.ModelVersion(
        model=folder.parent.name, version=number, schema=schema, layout=layout
    )
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.name != "manifest.json":
            message.files.add(
                path=path.relative_to(folder).as_posix(),
                size_bytes=path.stat().st_size,
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            )
    return message


def write_manifest(folder: Path, message: model_pb2.ModelVersion) -> None:
    """Write `manifest.json`."""
    text = json_format.MessageToJson(message, preserving_proto_field_name=True)
    (folder / "manifest.json").write_text(text, "utf-8")
