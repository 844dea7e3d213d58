"""The objects below one URL, through fsspec: listed, read, written, removed.

fsspec's file systems are many and their errors many more. Here each that says that the store
cannot be reached, or does not let us in, becomes `StoreAway`, an OSError.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from recserve.server.errors import ConfigurationError
from recserve.server.model_store.location import StoreUrl

CHUNK_BYTES = 8 << 20
_S3_PATIENCE = {
    "connect_timeout": 5,  # seconds
    "read_timeout": 30,
    "retries": {"max_attempts": 1},  # whoever asks comes back by itself
}
_REFUSED = ("PreconditionFailed", "ConditionalRequestConflict")


class StoreAway(OSError):
    """The store cannot be reached, or refuses."""

    def __init__(self, url: str, why: object) -> None:
        super().__init__(errno.EIO, f"{url}: {why}")


class Overtaken(Exception):
    """Somebody else has written the object meanwhile."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object as it is listed."""

    size: int
    """Bytes."""
    tag: str
    """Another one once the content is another one."""
    time: float | None
    """When it was written, in seconds since the Unix epoch, if the store says so."""


class Objects:
    """The objects below a URL. Usable from any thread; it connects with the first call.

    Args:
        url: Such as `s3://bucket/models/default`.
    """

    def __init__(self, url: StoreUrl) -> None:
        self.url = url
        self._opened: tuple[Any, str] | None = None
        self._opened_by = 0

    def find(self) -> dict[str, Found]:
        """Every object, by its name below the URL.

        Raises:
            StoreAway: the store cannot be listed.
        """
        with self._calls():
            system, root = self._open()
            system.invalidate_cache()
            entries = system.find(root, detail=True)
            return {
                name.removeprefix(root).lstrip("/"): _found(entry)
                for name, entry in entries.items()
                if entry.get("type") == "file"
            }

    def read(self, name: str, limit: int) -> tuple[bytes, str]:
        """The first bytes of an object, and its tag; both are empty if there is none.

        Raises:
            StoreAway: it cannot be read.
        """
        with self._calls():
            system, root = self._open()
            try:
                tag = _found(system.info(f"{root}/{name}", refresh=True)).tag
                return bytes(system.cat_file(f"{root}/{name}", start=0, end=limit)), tag
            except FileNotFoundError:
                return b"", ""

    def fetch(self, name: str, target: Path, size: int) -> None:
        """Copy an object into a file, of which no more than it should have is read.

        Raises:
            FileNotFoundError: there is none.
            StoreAway: it cannot be read.
            OSError: the file cannot be written.
        """
        with target.open("wb") as file:
            for chunk in self._chunks(name):
                file.write(chunk)
                if file.tell() > size:
                    return  # it is another one, which its size says
            file.flush()
            os.fsync(file.fileno())

    def write(self, name: str, content: bytes) -> None:
        """Write a small object, whatever is there.

        Raises:
            StoreAway: it cannot be written.
        """
        with self._calls():
            system, root = self._open()
            system.pipe_file(f"{root}/{name}", content)

    def replace(self, name: str, content: bytes, tag: str) -> None:
        """Write a small object, if it still is the one with this tag, or not there if it is empty.

        S3 itself sees to that. Where a store has no such condition the last writer wins.

        Raises:
            Overtaken: it is another one.
            StoreAway: it cannot be written.
        """
        with self._calls():
            system, root = self._open()
            condition = {}
            if "s3" in _protocols(system):
                condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
            try:
                system.pipe_file(f"{root}/{name}", content, **condition)
            except Exception as error:
                if _code(error) in _REFUSED or isinstance(error, FileExistsError):
                    raise Overtaken(name) from error
                raise

    def remove(self, names: list[str]) -> None:
        """Remove objects, one after the other in this order where it matters.

        Raises:
            StoreAway: one cannot be removed; those after it are there.
        """
        with self._calls():
            system, root = self._open()
            for name in names:
                try:
                    system.rm_file(f"{root}/{name}")
                except FileNotFoundError:
                    continue

    def _chunks(self, name: str) -> Iterator[bytes]:
        with self._calls():
            system, root = self._open()
            file = system.open(f"{root}/{name}", "rb", block_size=CHUNK_BYTES)
        with file:
            while True:
                with self._calls():
                    chunk = bytes(file.read(CHUNK_BYTES))
                if not chunk:
                    return
                yield chunk

    @contextmanager
    def _calls(self) -> Iterator[None]:
        try:
            yield
        except (Overtaken, StoreAway, FileNotFoundError):
            raise
        except Exception as error:  # every store has its own
            raise StoreAway(self.url, error) from error

    def _open(self) -> tuple[Any, str]:
        """The file system. A process that was forked makes its own: s3fs has a thread in it."""
        if self._opened is None or self._opened_by != os.getpid():
            import fsspec

            options: dict[str, Any] = {"skip_instance_cache": True}
            if self.url.scheme in ("s3", "s3a"):
                options |= {"use_listings_cache": False, "config_kwargs": _S3_PATIENCE}
            system, root = fsspec.core.url_to_fs(self.url, **options)
            if "s3" in _protocols(system):
                system.retries = 1
            self._opened, self._opened_by = (system, root.rstrip("/")), os.getpid()
        return self._opened


def check_url_is_known(url: StoreUrl) -> None:
    """See that there are packages for a URL, without importing them, which takes a second.

    Raises:
        ConfigurationError: one is not installed, or nothing knows such URLs.
    """
    hint = "pip install 'recserve[s3]'" if url.scheme in ("s3", "s3a") else "pip install fsspec"
    if find_spec("fsspec") is None:
        raise ConfigurationError(f"the store {url} needs a package: {hint}")
    from fsspec.registry import known_implementations, registry

    known = known_implementations.get(url.scheme)
    if known is None and url.scheme not in registry:
        raise ConfigurationError(f"no package is known for the store {url}; s3:// is one that is")
    if known is not None and find_spec(known["class"].partition(".")[0]) is None:
        raise ConfigurationError(
            f"the store {url} needs a package: {known.get('err', hint)}; {hint}"
        )


def _protocols(system: Any) -> tuple[str, ...]:
    named = system.protocol
    return (named,) if isinstance(named, str) else tuple(named)


def _found(entry: dict[str, Any]) -> Found:
    written = _first(entry, "LastModified", "updated", "mtime", "created")
    seconds = written.timestamp() if isinstance(written, datetime) else written
    size = int(entry.get("size") or 0)
    tag = _first(entry, "ETag", "etag", "md5Hash") or f"{size} {seconds}"
    return Found(size, str(tag), seconds if isinstance(seconds, int | float) else None)


def _first(entry: dict[str, Any], *names: str) -> Any:
    return next((entry[name] for name in names if entry.get(name)), None)


def _code(error: BaseException) -> str:
    """The code of an answer of S3, which s3fs hands on as the cause of its own error."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
