"""A model store on an object store, with a folder here that has what is needed of it.

An object store cannot rename. So a version is there as soon as its manifest is, which is written
last and removed first. The folder, the mirror, has the manifest of every version, and the files
of those that were loaded: each appears once it is whole and what the manifest says. Whoever only
reads, such as the front end and the engines, reads the mirror, and needs no network.
"""

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from zlib import crc32

from recserve.server import logs
from recserve.server.model_store import pins as pins_file
from recserve.server.model_store import rollbacks as rollbacks_file
from recserve.server.model_store.json_file import to_json
from recserve.server.model_store.limits import VersionLimits, check_listing
from recserve.server.model_store.manifest import MAX_MANIFEST_BYTES, InvalidVersion
from recserve.server.model_store.objects import Found, Objects, Overtaken
from recserve.server.model_store.pins import Pin, parse_pins, pinned, pins_tree
from recserve.server.model_store.rollbacks import Rollback, parse_rollbacks, rollbacks_tree
from recserve.server.model_store.store import ModelStore, is_number, verify_file
from recserve.v1 import model_pb2

MANIFEST = "manifest.json"
NUMBERS = ".numbers"
"""An object below it for every number that was ever given: none is given twice."""
ABANDONED_SECONDS = 24 * 3600
"""So long after its last file, a version without a manifest is what a killed trainer left."""
WRITES = 10
"""How often a change is tried again that others overtook."""
_GONE, _PART = ".gone-", ".part-"


class CacheFull(OSError):
    """The folder may not become larger, and all that is in it is needed."""


class MirroredModelStore(ModelStore):
    """The versions of one model on an object store.

    Args:
        folder: `CACHE/…/MODEL`, the mirror; made if it is not there.
        objects: The objects of the model.
        cache_bytes: What the files of the versions in the mirror may have together.
        limits: What a version may have at most.
    """

    def __init__(
        self,
        folder: Path,
        objects: Objects,
        *,
        cache_bytes: int = 40 << 30,
        limits: VersionLimits | None = None,
    ) -> None:
        super().__init__(folder, limits)
        self._objects = objects
        self._cache_bytes = cache_bytes
        self._tags: dict[str, str] = {}
        """Of each small file in the mirror, as it was listed when it was copied."""
        self._held: frozenset[int] = frozenset()
        self._used: dict[int, float] = {}
        """When the files of a version were last asked for."""
        self._has_looked = False
        self._mirroring = threading.RLock()
        self._fetching = threading.Lock()
        self._log = logs.get("store")

    def hold(self, versions: frozenset[int]) -> None:
        """See `ModelStore.hold`."""
        self._held = versions

    def fingerprints(self) -> dict[int, tuple[int, int, int]]:
        """See `ModelStore.fingerprints`. What is there now is in the mirror afterwards.

        Before the first look a store that is away is taken for what it was: a server that is
        started meanwhile serves from the mirror.

        Raises:
            OSError: the store cannot be read.
        """
        try:
            found = self._objects.find()
        except OSError as error:
            known = [] if self._has_looked else self.versions()
            self._has_looked = True
            if not known:
                raise
            self._log.warning("the store is away: what is kept of it is served", error=str(error))
            return dict.fromkeys(known, (0, 0, 0))
        with self._mirroring:
            prints = {version: _print(files) for version, files in _versions(found).items()}
            self._mirror(found, prints)
        self._has_looked = True
        return prints

    def made_by(self, training_run: str, since: float) -> int | None:
        """See `ModelStore.made_by`."""
        self.fingerprints()
        return super().made_by(training_run, since)

    def verify(self, version: int) -> model_pb2.ModelVersion:
        """See `ModelStore.verify`. Files that are not in the mirror are fetched."""
        self._used[version] = time.monotonic()
        with self._fetching:
            with contextlib.suppress(InvalidVersion):
                return super().verify(version)  # all of it is here: the store may be away
            manifest = self.manifest(version)
            check_listing(manifest, self._limits)
            self._fetch(manifest)
            return super().verify(version)

    def pin(self, label: str, version: int | None, seen: int) -> None:
        """See `ModelStore.pin`."""

        def change(content: bytes) -> bytes:
            pins = parse_pins(content, self._objects.url) if content else {}
            return to_json(pins_tree(pinned(pins, label, Pin(version or 0, seen))))

        self._change(pins_file.FILE_NAME, pins_file.MAX_BYTES, change)

    def note_rollback(self, version: int, rollback: Rollback | None) -> None:
        """See `ModelStore.note_rollback`."""
        if rollback is None and version not in self.rollbacks():
            return

        def change(content: bytes) -> bytes:
            there = self.versions()
            kept = {n: each for n, each in parse_rollbacks(content).items() if n in there}
            kept.pop(version, None)
            kept |= {} if rollback is None else {version: rollback}
            return to_json(rollbacks_tree(kept))

        self._change(rollbacks_file.FILE_NAME, rollbacks_file.MAX_BYTES, change)

    def delete(self, version: int) -> None:
        """See `ModelStore.delete`. The manifest goes first, and the version with it."""
        found = _versions(self._objects.find()).get(version)
        if found is None:
            raise FileNotFoundError(2, "it is gone already", str(version))
        self._objects.write(f"{NUMBERS}/{version}", b"deleted\n")
        self._objects.remove([f"{version}/{MANIFEST}"])
        with contextlib.suppress(OSError):  # what is left is seen by nobody, and removed later
            self._objects.remove([f"{version}/{name}" for name in found])
        with self._mirroring:
            self._drop(version)

    def empty_deleted(self) -> None:
        """Remove what killed servers and trainers have left, here and there."""
        with contextlib.suppress(OSError):
            for gone in [*self._folder.glob(f"{_GONE}*"), *self._folder.glob(f"*/{_PART}*")]:
                _remove(gone)
        with contextlib.suppress(OSError):
            found = self._objects.find()
            for number in _abandoned(found, time.time()):
                names = [name for name in found if name.startswith(f"{number}/")]
                self._objects.write(f"{NUMBERS}/{number}", b"abandoned\n")
                self._objects.remove(names)
                self._log.info("an unfinished version was removed", version=number)

    def _change(self, name: str, limit: int, change: Callable[[bytes], bytes]) -> None:
        """Read a small object and write it anew, so often that nobody's change gets lost."""
        for _ in range(WRITES):
            content, tag = self._objects.read(name, limit)
            changed = change(content)
            try:
                self._objects.replace(name, changed, tag)
            except Overtaken:
                continue
            with self._mirroring:
                self._tags.pop(name, None)  # the next look has the new tag
                self._put(name, changed)
            return
        raise OSError(16, "others write it all the time; try again", name)

    def _mirror(self, found: dict[str, Found], versions: dict[int, tuple[int, int, int]]) -> None:
        """Bring the small files of the mirror up to date."""
        manifests = [f"{version}/{MANIFEST}" for version in versions]
        for name in (*manifests, pins_file.FILE_NAME, rollbacks_file.FILE_NAME):
            there = found.get(name)
            if there is not None and self._tags.get(name) != there.tag:
                self._put(name, self._small(name, there))
                self._tags[name] = there.tag
            elif there is None and name not in manifests:
                self._tags.pop(name, None)
                (self._folder / name).unlink(missing_ok=True)
        for version in set(self.versions()) - versions.keys():
            self._drop(version)

    def _small(self, name: str, there: Found) -> bytes | int:
        """The content of a small object; of one that is too large to be one, only its size."""
        if there.size > MAX_MANIFEST_BYTES:
            return there.size
        return self._objects.read(name, MAX_MANIFEST_BYTES)[0]

    def _put(self, name: str, content: bytes | int) -> None:
        """Write a file of the mirror in one step; of a size alone: a hole, which is refused."""
        path = self._folder / name
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_new = not path.parent.is_dir()  # a version's folder appears with its manifest in it
        folder = self._folder / f"{_GONE}new-{os.getpid()}" if is_new else path.parent
        folder.mkdir(exist_ok=True)
        staged = folder / (path.name if is_new else f"{_PART}{os.getpid()}-{path.name}")
        staged.write_bytes(b"" if isinstance(content, int) else content)
        if isinstance(content, int):
            os.truncate(staged, content)
        if is_new:
            folder.rename(path.parent)
        else:
            staged.rename(path)

    def _drop(self, version: int) -> None:
        self._tags.pop(f"{version}/{MANIFEST}", None)
        gone = self._folder / f"{_GONE}{version}-{os.getpid()}"
        with contextlib.suppress(FileNotFoundError):  # another process of ours was quicker
            self.folder(version).rename(gone)
        _remove(gone)

    def _fetch(self, manifest: model_pb2.ModelVersion) -> None:
        folder = self.folder(manifest.version)
        wanted = {file.path for file in manifest.files}
        for path in list(_files(folder)):
            if path.relative_to(folder).as_posix() not in {*wanted, MANIFEST}:
                _remove(path)  # of the version that had this number before
        missing = [file for file in manifest.files if not _is_whole(folder, file)]
        if not missing:
            return
        self._make_room(manifest.version, sum(file.size_bytes for file in missing))
        began = time.monotonic()
        for file in missing:
            self._fetch_one(folder, manifest.version, file)
        self._log.info(
            "version fetched",
            version=manifest.version,
            files=len(missing),
            bytes=sum(file.size_bytes for file in missing),
            seconds=round(time.monotonic() - began, 2),
        )

    def _fetch_one(self, folder: Path, version: int, file: model_pb2.ArtefactFile) -> None:
        path = folder / file.path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(f"{_PART}{os.getpid()}-{path.name}")
        try:
            self._objects.fetch(f"{version}/{file.path}", part, file.size_bytes)
            verify_file(part, file)
            part.rename(path)
        except FileNotFoundError as error:
            raise InvalidVersion(f"files are missing: {file.path}") from error
        finally:
            part.unlink(missing_ok=True)

    def _make_room(self, version: int, needed: int) -> None:
        """Remove the files of versions that nobody needs, the longest unused first."""
        sizes = {n: _size(self.folder(n)) for n in self.versions()}
        free = self._cache_bytes - sum(sizes.values())
        idle = sorted(sizes.keys() - self._held - {version}, key=lambda n: self._used.get(n, 0.0))
        for each in idle:
            if free >= needed:
                break
            for path in _files(self.folder(each)):
                if path.name != MANIFEST:
                    _remove(path)
            free += sizes[each]
        if free < needed:
            raise CacheFull(
                28,
                f"version {version} needs {needed} bytes, and {max(free, 0)} are free: "
                "store_cache_bytes is too small for it beside the versions that are served",
            )


def _versions(found: dict[str, Found]) -> dict[int, dict[str, Found]]:
    """The files of each version that has a manifest, newest version first."""
    versions: dict[int, dict[str, Found]] = {}
    for name, each in found.items():
        number, _, rest = name.partition("/")
        if rest and is_number(number):
            versions.setdefault(int(number), {})[rest] = each
    return {n: versions[n] for n in sorted(versions, reverse=True) if MANIFEST in versions[n]}


def _abandoned(found: dict[str, Found], now: float) -> list[int]:
    """Numbers below which there are files, but no manifest, and no new file for a long time."""
    newest: dict[int, float] = {}
    for name, each in found.items():
        number, _, rest = name.partition("/")
        if rest and is_number(number):
            written = now if each.time is None else each.time
            newest[int(number)] = max(newest.get(int(number), 0.0), written)
    there = _versions(found)
    return [n for n, at in newest.items() if n not in there and now - at > ABANDONED_SECONDS]


def _print(files: dict[str, Found]) -> tuple[int, int, int]:
    tags = "\n".join(f"{name} {each.tag}" for name, each in sorted(files.items()))
    return len(files), sum(each.size for each in files.values()), crc32(tags.encode())


def _is_whole(folder: Path, file: model_pb2.ArtefactFile) -> bool:
    path = folder / file.path
    try:
        if path.is_symlink() or not path.is_file():
            return False
        verify_file(path, file)
    except InvalidVersion:
        return False
    return True


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in _files(folder) if path.name != MANIFEST)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
