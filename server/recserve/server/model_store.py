"""The model store on disk: which versions are there, and whether they are whole.

A folder whose name is a number is a version; anything else is not looked at. docs/artefact.md
describes what a version holds.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from google.protobuf import json_format

from recserve.server.schema.checking import schema_faults
from recserve.v1 import model_pb2

FORMAT_VERSION = 1
"""The newest artefact layout that this server reads."""
MAX_MANIFEST_BYTES = 16 << 20
MAX_LENGTH = 10_000
"""Of a user's history and of a multi-valued feature: every request is padded to them."""
_CHUNK_BYTES = 1 << 20


class InvalidVersion(Exception):
    """A version that must not be served; the message says why."""


class ModelStore:
    """The versions of one model.

    Args:
        folder: `STORE/MODEL`; need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def versions(self) -> list[int]:
        """The numbers of the versions, newest first."""
        try:
            names = [entry.name for entry in self._folder.iterdir() if entry.is_dir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted((int(name) for name in names if _is_number(name)), reverse=True)

    def fingerprints(self) -> dict[int, tuple[int, int, int]]:
        """The versions, each with a number triple that differs once its files have changed."""
        return {version: _fingerprint(self.folder(version)) for version in self.versions()}

    def folder(self, version: int) -> Path:
        """The folder of a version."""
        return self._folder / str(version)

    def manifest(self, version: int) -> model_pb2.ModelVersion:
        """Read a version's manifest.

        Raises:
            InvalidVersion: it is missing, damaged, foreign or too new.
        """
        manifest = read_manifest(self.folder(version))
        if manifest.version != version or manifest.model != self._folder.name:
            raise InvalidVersion(
                f"the manifest is of {manifest.model!r} version {manifest.version}, "
                f"not of {self._folder.name!r} version {version}"
            )
        return manifest

    def verify(self, version: int) -> model_pb2.ModelVersion:
        """Check every file of a version against its manifest, and return that.

        Raises:
            InvalidVersion: a file is missing, added, or not what the manifest says.
        """
        manifest = self.manifest(version)
        folder = self.folder(version)
        listed = {file.path: file for file in manifest.files}
        found = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
        found.pop("manifest.json", None)
        if missing := sorted(listed.keys() - found.keys()):
            raise InvalidVersion(f"files are missing: {', '.join(missing[:5])}")
        if added := sorted(found.keys() - listed.keys()):
            raise InvalidVersion(f"files are not in the manifest: {', '.join(added[:5])}")
        for name, path in found.items():
            _verify_file(path, listed[name])
        return manifest


def read_manifest(folder: Path) -> model_pb2.ModelVersion:
    """Read `manifest.json` of a version's folder.

    Raises:
        InvalidVersion: it is missing, damaged or too new.
    """
    path = folder / "manifest.json"
    manifest = model_pb2.ModelVersion()
    try:
        if path.exists() and not path.is_file():  # reading a pipe or a device might never end
            raise InvalidVersion("the manifest cannot be read: it is not a file")
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise InvalidVersion("the manifest is too large to be one")
        # Fields that a newer trainer added are no reason to refuse: format_version is.
        json_format.Parse(path.read_bytes(), manifest, ignore_unknown_fields=True)
    except FileNotFoundError as error:
        raise InvalidVersion("it has no manifest.json") from error
    except (OSError, json_format.ParseError, UnicodeDecodeError) as error:
        raise InvalidVersion(f"the manifest cannot be read: {error}") from error
    if not 1 <= manifest.layout.format_version <= FORMAT_VERSION:
        raise InvalidVersion(
            f"its format is {manifest.layout.format_version}; this server reads up to "
            f"{FORMAT_VERSION}: upgrade the server, or train with its own trainer"
        )
    for name in ("history_length", "multi_valued_length"):
        if not 0 <= getattr(manifest.layout, name) <= MAX_LENGTH:
            raise InvalidVersion(f"its layout.{name} is not between 0 and {MAX_LENGTH}")
    if faults := schema_faults(manifest.schema):
        raise InvalidVersion(f"the schema in its manifest is faulty: {'; '.join(faults)}")
    return manifest


def _verify_file(path: Path, listed: model_pb2.ArtefactFile) -> None:
    try:
        if path.stat().st_size != listed.size_bytes:
            raise InvalidVersion(f"{listed.path} has not the size that the manifest gives")
        if _sha256(path) != listed.sha256:
            raise InvalidVersion(f"{listed.path} is not what was written: its checksum differs")
    except OSError as error:
        raise InvalidVersion(f"{listed.path} cannot be read: {error}") from error


def _fingerprint(folder: Path) -> tuple[int, int, int]:
    """Count, bytes and newest change of the files: cheap to take, blind to silent corruption."""
    stats = [path.lstat() for path in folder.rglob("*")]
    newest = max((stat.st_mtime_ns for stat in stats), default=0)
    return len(stats), sum(stat.st_size for stat in stats), newest


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_symlink():
            raise InvalidVersion(
                f"{path.relative_to(folder)} is a link: a version holds only files"
            )
        if path.is_file():
            yield path


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _is_number(name: str) -> bool:
    # 18 digits fit the int64 of the protocol.
    return name.isascii() and name.isdecimal() and not name.startswith("0") and len(name) <= 18
