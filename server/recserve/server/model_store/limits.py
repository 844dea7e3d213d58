"""How large a version may be, and how its files may be called: its manifest is not trusted."""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from recserve.server.model_store.manifest import InvalidVersion
from recserve.v1 import model_pb2

if TYPE_CHECKING:
    from recserve.server.settings import Settings

MAX_NAME_CHARACTERS = 255
"""Of one file's path, and what most file systems take for one name."""
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
ITEM_TABLE = "items.npz"
_OFFSETS = "item_id_offsets.npy"
"""The array of the item table that has a number for each item, and one more."""


@dataclass(frozen=True, slots=True)
class VersionLimits:
    """What a version may have at most."""

    bytes: int = 20 << 30
    """Of all its files, and of its item table when that is unpacked."""
    files: int = 10_000
    items: int = 10_000_000
    """Rows of its item table."""

    @classmethod
    def of(cls, settings: "Settings") -> Self:
        """Those that a server is told."""
        return cls(
            settings.max_version_bytes, settings.max_version_files, settings.max_version_items
        )


def check_listing(manifest: model_pb2.ModelVersion, limits: VersionLimits) -> None:
    """Look at the names and sizes that a manifest lists, before a file is touched.

    Raises:
        InvalidVersion: a name leads elsewhere or stands for another file too, or it is too much.
    """
    if len(manifest.files) > limits.files:
        raise InvalidVersion(
            f"it has {len(manifest.files)} files; {limits.files} is the limit (max_version_files)"
        )
    seen: dict[str, str] = {"manifest.json": "manifest.json"}
    for file in manifest.files:
        _check_name(file.path)
        if file.size_bytes < 0 or not re.fullmatch(r"[0-9a-f]{64}", file.sha256):
            raise InvalidVersion(f"the manifest gives {file.path} no size or no SHA-256")
        # On a file system that takes no note of case, two names would be one file.
        if (twin := seen.setdefault(file.path.casefold(), file.path)) != file.path:
            raise InvalidVersion(f"{twin} and {file.path} differ in nothing but case")
    if len(seen) <= len(manifest.files):
        raise InvalidVersion("the manifest lists a file twice, or itself")
    total = sum(file.size_bytes for file in manifest.files)
    if total > limits.bytes:
        raise InvalidVersion(
            f"it has {total} bytes; {limits.bytes} is the limit (max_version_bytes)"
        )


def check_item_table(folder: Path, limits: VersionLimits) -> None:
    """Look at how large the item table is when it is unpacked, without unpacking it.

    What the archive says of its sizes is what Python reads of it, and not a byte more. Whether
    the arrays are as they should be is found out by whoever reads them.

    Raises:
        InvalidVersion: it is too large, or no archive.
    """
    path = folder / ITEM_TABLE
    if not path.exists():
        return  # whoever needs it will say so
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise InvalidVersion(f"{ITEM_TABLE} cannot be read: {error}") from error
    if (total := sum(sizes.values())) > limits.bytes:
        raise InvalidVersion(
            f"{ITEM_TABLE} unpacks to {total} bytes; {limits.bytes} is the limit "
            "(max_version_bytes)"
        )
    least_header = 128  # bytes; numpy pads what stands before the numbers to that
    rows = (sizes.get(_OFFSETS, 0) - least_header) // 8 - 1
    if rows > limits.items:
        raise InvalidVersion(
            f"its item table has {rows} items; {limits.items} is the limit (max_version_items)"
        )


def _check_name(name: str) -> None:
    """See that a path is one that needs no thought: plain names, with slashes between."""
    parts = name.split("/")
    if len(name) > MAX_NAME_CHARACTERS or not all(map(_PART.fullmatch, parts)):
        raise InvalidVersion(
            f"{name!r} is no name for a file of a version: letters, digits and _.+- only, in "
            "folders below it"
        )
