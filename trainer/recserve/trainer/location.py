"""Where a model store is: a folder, or the URL of an object store."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from recserve.trainer.errors import StoreError
from recserve.trainer.store import Store


def open_store(location: str | Path, model: str) -> Store:
    """The store at a place.

    Args:
        location: A folder, `file:///folder`, or a URL that fsspec knows, as `s3://bucket/models`.
        model: The name of the model.

    Raises:
        StoreError: If the place or the model's name cannot be one.
    """
    folder = as_folder(location)
    if folder is not None:
        return Store(folder, model)
    from recserve.trainer.object_store import ObjectStore

    return ObjectStore(str(location), model)


def as_folder(location: str | Path) -> Path | None:
    """The folder of this machine that a place is, if it is one.

    Raises:
        StoreError: If it is a URL that names no place.
    """
    text = str(location)
    if isinstance(location, Path) or "://" not in text:
        return Path(location)
    parts = urlsplit(text)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise StoreError(
            "the URL of a model store is a place and nothing else: give credentials in the "
            "environment, as the store's own tools take them"
        )
    if parts.scheme != "file":
        if not parts.netloc:
            raise StoreError(f"{text!r} names no bucket; write {parts.scheme}://bucket/models")
        return None
    if parts.netloc not in ("", "localhost") or not parts.path:
        raise StoreError(f"{text!r} is no folder of this machine; write file:///folder")
    return Path(unquote(parts.path))
