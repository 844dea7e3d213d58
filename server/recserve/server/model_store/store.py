"""The versions of one model, and the labels that operators gave them.

A folder whose name is a number is a version; anything else is not looked at. docs/artefact.md
describes what a version holds.
"""

import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from recserve.server.model_store.json_file import sync_folder
from recserve.server.model_store.limits import VersionLimits, check_item_table, check_listing
from recserve.server.model_store.manifest import InvalidVersion, read_manifest
from recserve.server.model_store.pins import Pin, locked, pinned, read_pins, write_pins
from recserve.server.model_store.rollbacks import Rollback, read_rollbacks, write_rollbacks
from recserve.v1 import model_pb2

DELETED = ".deleted-"
"""What the folders of deleted versions are called, before the number."""
_CHUNK_BYTES = 1 << 20


class ModelStore:
    """The versions of one model.

    Args:
        folder: `STORE/MODEL`; need not exist yet.
        limits: What a version may have at most.
    """

    def __init__(self, folder: Path, limits: VersionLimits | None = None) -> None:
        self._folder = folder
        self._limits = limits or VersionLimits()

    def hold(self, versions: frozenset[int]) -> None:
        """Know which versions have an engine: a store that fetches its versions keeps those."""

    def versions(self) -> list[int]:
        """The numbers of the versions, newest first."""
        try:
            names = [entry.name for entry in self._folder.iterdir() if entry.is_dir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted((int(name) for name in names if is_number(name)), reverse=True)

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

    def made_by(self, training_run: str, since: float) -> int | None:
        """The version that a training run made, if it made one.

        Args:
            training_run: The run's resource name.
            since: When the run began, in seconds since the Unix epoch: a store may outlive the
                database that numbers the runs.

        Raises:
            OSError: the store cannot be read.
        """
        for version in self.versions():
            try:
                manifest = self.manifest(version)
            except InvalidVersion:
                continue
            made = manifest.create_time.seconds + manifest.create_time.nanos / 1e9
            if manifest.training_run == training_run and made >= since:
                return version
        return None

    def pins(self) -> dict[str, Pin]:
        """Where operators put labels.

        Raises:
            InvalidPins: the file of labels is damaged.
            OSError: it cannot be read.
        """
        return read_pins(self._folder)

    def pin(self, label: str, version: int | None, seen: int) -> None:
        """Put a label on a version, or on none, durably.

        Args:
            label: The label.
            version: The version; None takes the label off.
            seen: The newest version that whoever asked for it could see.

        Raises:
            InvalidPins: the file of labels is damaged.
            OSError: the store cannot be written.
        """
        with locked(self._folder):
            write_pins(self._folder, pinned(self.pins(), label, Pin(version or 0, seen)))

    def rollbacks(self) -> dict[int, Rollback]:
        """The versions that a server took a label from, and why."""
        return read_rollbacks(self._folder)

    def note_rollback(self, version: int, rollback: Rollback | None) -> None:
        """Write down why a version lost a label; None: it has one again.

        Raises:
            OSError: the store cannot be written.
        """
        if rollback is None and version not in self.rollbacks():
            return
        with locked(self._folder):
            kept = {n: each for n, each in self.rollbacks().items() if n in self.versions()}
            kept.pop(version, None)
            write_rollbacks(self._folder, kept if rollback is None else {**kept, version: rollback})

    def delete(self, version: int) -> None:
        """Remove a version in one step; an empty folder keeps its number from being given again.

        Raises:
            OSError: the store cannot be written; the version is there.
        """
        gone = self._folder / f"{DELETED}{version}"
        _empty(gone)  # of an earlier version of the number, that somebody copied back
        self.folder(version).rename(gone)
        sync_folder(self._folder)
        _empty(gone)

    def empty_deleted(self) -> None:
        """Remove what a server that was killed meanwhile has left of deleted versions."""
        with contextlib.suppress(OSError):  # one that cannot be read yet is watched all the same
            for gone in self._folder.glob(f"{DELETED}*"):
                _empty(gone)

    def verify(self, version: int) -> model_pb2.ModelVersion:
        """Check every file of a version against its manifest, and return that.

        Raises:
            InvalidVersion: a file is missing, added, or not what the manifest says; or it is too
                much of it.
            OSError: the store cannot be read.
        """
        manifest = self.manifest(version)
        check_listing(manifest, self._limits)
        folder = self.folder(version)
        listed = {file.path: file for file in manifest.files}
        found = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
        found.pop("manifest.json", None)
        if missing := sorted(listed.keys() - found.keys()):
            raise InvalidVersion(f"files are missing: {', '.join(missing[:5])}")
        if added := sorted(found.keys() - listed.keys()):
            raise InvalidVersion(f"files are not in the manifest: {', '.join(added[:5])}")
        for name, path in found.items():
            verify_file(path, listed[name])
        check_item_table(folder, self._limits)
        return manifest


def _empty(folder: Path) -> None:
    """Remove what is in a folder, as far as that is possible."""
    with contextlib.suppress(OSError):
        for left in folder.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def verify_file(path: Path, listed: model_pb2.ArtefactFile) -> None:
    """Check one file.

    Raises:
        InvalidVersion: it is not what the manifest says.
    """
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


def is_number(name: str) -> bool:
    """Whether a folder of this name is a version."""
    # 18 digits fit the int64 of the protocol.
    return name.isascii() and name.isdecimal() and not name.startswith("0") and len(name) <= 18
