"""Small JSON files beside the versions, replaced in one step."""

import json
import os
from collections.abc import Mapping
from pathlib import Path


def replace_json(folder: Path, name: str, tree: Mapping[str, object]) -> None:
    """Write a file durably.

    Raises:
        OSError: it cannot be written; the old one stands.
    """
    staged = folder / f".{name}.{os.getpid()}"
    with staged.open("wb") as file:
        file.write(to_json(tree))
        file.flush()
        os.fsync(file.fileno())
    staged.rename(folder / name)
    sync_folder(folder)


def to_json(tree: Mapping[str, object]) -> bytes:
    """The content of such a file."""
    return (json.dumps(tree, indent=2) + "\n").encode()


def sync_folder(folder: Path) -> None:
    """Make what was renamed in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
