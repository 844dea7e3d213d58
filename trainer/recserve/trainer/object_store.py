"""A model store on an object store, such as S3, through fsspec.

An object store cannot rename a folder. So a version's files are copied first, and its manifest
last: that is the moment when it is there. Its number is drawn before, by making an object that
must not be there yet, and stays drawn whatever becomes of it: no number is given twice.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from recserve.trainer import staging
from recserve.trainer.errors import StoreError
from recserve.trainer.store import MANIFEST, STAGING, Store
from recserve.v1 import model_pb2

NUMBERS = ".numbers"
"""Below it, an object for every number that was ever drawn."""
ABANDONED_SECONDS = 24 * 3600
"""So long after its last file, a version without a manifest is what a killed run left."""


class ObjectStore(Store):
    """The versions of one model on an object store.

    Args:
        url: The store, such as `s3://bucket/models`.
        model: The name of the model.

    Raises:
        StoreError: If the model's name is malformed, or there is no package for the URL.
    """

    def __init__(self, url: str, model: str) -> None:
        super().__init__(Path(), model)
        self.place = f"{url.rstrip('/')}/{model}"
        self._system, root = _opened(self.place)
        self._root = root.rstrip("/")
        # What versions are looked at in and written in; gone with the process.
        self.folder = Path(tempfile.mkdtemp(prefix="recserve-store-"))
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)

    def __str__(self) -> str:
        return self.place

    def check_writable(self) -> None:
        """See `Store.check_writable`: an object is written, and removed."""
        probe = f"{self._root}/.probe-{uuid.uuid4().hex}"
        with self._calls("cannot be written"):
            self._system.pipe_file(probe, b"")
            self._system.rm_file(probe)

    def versions(self) -> list[int]:
        """See `Store.versions`."""
        return _published(self._list())

    def next_number(self) -> int:
        """See `Store.next_number`. It is drawn only when a version is published."""
        return max(_drawn(self._list()), default=0) + 1

    def path(self, version: int | None = None) -> Path:
        """See `Store.path`. The files are copied into a folder here.

        Raises:
            StoreError: If there is none, or its files cannot be copied or lead elsewhere.
        """
        number = self._known(version, self.versions())
        folder = self.folder / str(number)
        if not folder.is_dir():
            with staging.staged(self.folder, STAGING) as staged:
                for file in self.manifest(number).files:
                    self._fetch(number, file, staged)
                self._copy(f"{number}/{MANIFEST}", staged / MANIFEST)
                staged.rename(folder)
        return folder

    def manifest(self, version: int | None = None) -> model_pb2.ModelVersion:
        """See `Store.manifest`."""
        number = self._known(version, self.versions())
        name = f"{number}/{MANIFEST}"
        try:
            with self._calls("cannot be read"):
                text = self._system.cat_file(f"{self._root}/{name}").decode()
            return json_format.Parse(text, model_pb2.ModelVersion())
        except (json_format.ParseError, UnicodeDecodeError) as error:
            raise StoreError(f"{self.place}/{name}: cannot be read ({error})") from error

    def staging(self) -> AbstractContextManager[Path]:
        """See `Store.staging`. The folder is here, in the system's folder for temporary files."""
        return staging.staged(self.folder, STAGING)

    def publish(
        self, staged: Path, finish: Callable[[int], None], confirm: Callable[[], None]
    ) -> Path:
        """See `Store.publish`.

        Returns:
            A folder here with the version's files.

        Raises:
            OSError: If something cannot be written; no version appears then.
        """
        self._remove_abandoned()
        number = self._draw()
        try:
            finish(number)
            files = sorted(path for path in staged.rglob("*") if path.is_file())
            for path in files:
                name = path.relative_to(staged).as_posix()
                if name != MANIFEST:
                    self._put(path, f"{number}/{name}")
            confirm()
            self._check_copied(number, staged, files)
            self._commit(number, (staged / MANIFEST).read_bytes())
        except BaseException:
            with suppress(Exception):
                self._remove(number)
            raise
        return staged.rename(self.folder / str(number))

    def _draw(self) -> int:
        """Draw a number that nobody has and nobody had."""
        number = self.next_number()
        while True:
            try:
                with self._calls("cannot be written"):
                    self._system.pipe_file(
                        f"{self._root}/{NUMBERS}/{number}", b"drawn\n", mode="create"
                    )
            except FileExistsError:  # by somebody else, just now
                number = max(number + 1, self.next_number())
                continue
            return number

    def _commit(self, number: int, manifest: bytes) -> None:
        with self._calls("cannot be written"):
            try:
                self._system.pipe_file(f"{self._root}/{number}/{MANIFEST}", manifest, mode="create")
            except FileExistsError as error:
                raise OSError(17, f"somebody else has written version {number}") from error

    def _check_copied(self, number: int, staged: Path, files: list[Path]) -> None:
        """See that all is there: who removes what is abandoned may have taken it for that."""
        found = self._list()
        for path in files:
            name = path.relative_to(staged).as_posix()
            there = found.get(f"{number}/{name}", {}).get("size")
            if name != MANIFEST and there != path.stat().st_size:
                raise OSError(5, f"{name} of version {number} was not copied as a whole")

    def _remove_abandoned(self) -> None:
        """Remove what killed runs have left: files of versions that never got a manifest."""
        with suppress(StoreError):
            found = self._list()
            there = set(_published(found))
            for number in _numbers(found) - there:
                written = (
                    _time(entry) for name, entry in found.items() if name.startswith(f"{number}/")
                )
                if time.time() - max(written) > ABANDONED_SECONDS:
                    self._system.pipe_file(f"{self._root}/{NUMBERS}/{number}", b"abandoned\n")
                    self._remove(number)

    def _remove(self, number: int) -> None:
        for name in self._list():
            if name.startswith(f"{number}/"):
                self._system.rm_file(f"{self._root}/{name}")

    def _list(self) -> dict[str, dict[str, Any]]:
        with self._calls("cannot be read"):
            self._system.invalidate_cache()
            found = self._system.find(self._root, detail=True)
        return {name.removeprefix(self._root).lstrip("/"): entry for name, entry in found.items()}

    def _fetch(self, number: int, file: model_pb2.ArtefactFile, folder: Path) -> None:
        from recserve.trainer import artefact

        target = (folder / file.path).resolve()
        if not target.is_relative_to(folder.resolve()) or target == folder.resolve():
            raise StoreError(f"{self.place}/{number}: {file.path!r} leads out of the version")
        target.parent.mkdir(parents=True, exist_ok=True)
        self._copy(f"{number}/{file.path}", target)
        if artefact.described(target, folder.resolve()).sha256 != file.sha256:
            raise StoreError(f"{self.place}/{number}/{file.path} is not what was written")

    def _copy(self, name: str, target: Path) -> None:
        with self._calls("cannot be read"):
            self._system.get_file(f"{self._root}/{name}", str(target))

    def _put(self, path: Path, name: str) -> None:
        with self._calls("cannot be written"):
            self._system.put_file(str(path), f"{self._root}/{name}")

    @contextmanager
    def _calls(self, what: str) -> Iterator[None]:
        try:
            yield
        except FileExistsError:
            raise
        except Exception as error:  # every store has its own
            raise StoreError(f"the store {self.place} {what}: {error}") from error


def _opened(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ModuleNotFoundError:
        raise StoreError(f"the store {url} needs a package: pip install 'recserve[s3]'") from None
    options = {"use_listings_cache": False} if url.startswith(("s3://", "s3a://")) else {}
    try:
        system, root = fsspec.core.url_to_fs(url, skip_instance_cache=True, **options)
    except (ImportError, ValueError) as error:
        raise StoreError(f"the store {url} cannot be used: {error}") from error
    return system, str(root)


def _published(found: dict[str, dict[str, Any]]) -> list[int]:
    return sorted(n for n in _numbers(found) if f"{n}/{MANIFEST}" in found)


def _numbers(found: dict[str, dict[str, Any]]) -> set[int]:
    """The numbers with files, whole or not."""
    firsts = {name.partition("/")[0] for name in found if "/" in name}
    return {int(first) for first in firsts if first.isdecimal() and first[0] != "0"}


def _drawn(found: dict[str, dict[str, Any]]) -> set[int]:
    """Every number that was ever given."""
    rests = {name.removeprefix(f"{NUMBERS}/") for name in found if name.startswith(f"{NUMBERS}/")}
    return _numbers(found) | {int(rest) for rest in rests if rest.isdecimal()}


def _time(entry: dict[str, Any]) -> float:
    """When an object was written; now, where the store does not say."""
    for key in ("LastModified", "updated", "mtime", "created"):
        if value := entry.get(key):
            return float(value.timestamp() if hasattr(value, "timestamp") else value)
    return time.time()
