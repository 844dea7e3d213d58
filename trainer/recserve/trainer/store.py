"""The model store: `STORE/MODEL/VERSION/`, where a folder with a number is complete."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from google.protobuf import json_format

from recserve.trainer import staging
from recserve.trainer.errors import StoreError
from recserve.v1 import model_pb2

MANIFEST = "manifest.json"
STAGING = ".staging-"
DELETED = ".deleted-"
_MODEL = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class Store:
    """The versions of one model.

    Args:
        root: The store; made when the first version is published.
        model: The name of the model.

    Raises:
        StoreError: If the model's name is malformed.
    """

    def __init__(self, root: Path, model: str) -> None:
        if not _MODEL.fullmatch(model):
            raise StoreError(
                f"the model name {model!r} must be lower-case letters, digits, - and _, at most "
                "63, beginning with a letter"
            )
        self.model = model
        self.folder = root / model

    def __str__(self) -> str:
        return str(self.folder)

    def check_writable(self) -> None:
        """Makes sure, before hours of training, that a version could be published.

        Raises:
            StoreError: If it could not.
        """
        there = self.folder
        while not there.exists():
            there = there.parent
        if not there.is_dir():
            raise StoreError(f"the store {self.folder} cannot be made: {there} is a file")
        if not os.access(there, os.W_OK | os.X_OK):
            raise StoreError(f"the store {self.folder} cannot be written: no access to {there}")

    def versions(self) -> list[int]:
        """The published versions, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(self._numbers(""))

    def next_number(self) -> int:
        """The number of the next version, above all that were ever given.

        A server that deletes a version leaves a hidden folder with its number.
        """
        if not self.folder.is_dir():
            return 1
        return max([*self._numbers(""), *self._numbers(DELETED)], default=0) + 1

    def path(self, version: int | None = None) -> Path:
        """The folder of a version, by default the latest.

        Raises:
            StoreError: If there is none.
        """
        return self.folder / str(self._known(version, self.versions()))

    def manifest(self, version: int | None = None) -> model_pb2.ModelVersion:
        """The manifest of a version, by default the latest.

        Raises:
            StoreError: If there is none, or it is malformed.
        """
        path = self.path(version) / MANIFEST
        try:
            return json_format.Parse(path.read_text("utf-8"), model_pb2.ModelVersion())
        except (OSError, json_format.ParseError) as error:
            raise StoreError(f"{path}: cannot be read ({error})") from error

    def staging(self) -> AbstractContextManager[Path]:
        """A hidden folder to write a version in; gone at the end, unless it was published.

        Raises:
            StoreError: If the store cannot be written.
        """
        return staging.staged(self.folder, STAGING)

    def publish(
        self, staged: Path, finish: Callable[[int], None], confirm: Callable[[], None]
    ) -> Path:
        """Gives a staged version the next free number.

        Args:
            staged: The folder, complete but for what depends on the number.
            finish: Writes what depends on the number (the manifest) into the folder.
            confirm: Called when all is on disk, at the last moment before the version appears;
                what it raises stops that.

        Returns:
            The published folder.

        Raises:
            OSError: If something cannot be written; no version appears then.
        """
        staged.chmod(0o755)
        number = self.next_number()
        while True:
            finish(number)
            staging.sync_tree(staged)
            if (free := self.next_number()) > number:
                number = free  # others published meanwhile
                continue
            confirm()
            target = self.folder / str(number)
            try:
                # Renaming a folder onto one that is not empty fails: nobody is overwritten.
                staged.rename(target)
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                    raise
                number += 1
                continue
            # From here on the version is there, whatever the disk says.
            with suppress(OSError):
                staging.sync(self.folder)
            return target

    def _known(self, version: int | None, versions: list[int]) -> int:
        """A version that is there, by default the latest."""
        if not versions:
            raise StoreError(f"{self} holds no version; train one first")
        if version is not None and version not in versions:
            listed = ", ".join(map(str, versions))
            raise StoreError(f"{self} has no version {version}; it has {listed}")
        return version or versions[-1]

    def _numbers(self, prefix: str) -> list[int]:
        """The numbers of the folders that are named by a prefix and a number."""
        names = (entry.name for entry in self.folder.iterdir() if entry.is_dir())
        rests = (name.removeprefix(prefix) for name in names if name.startswith(prefix))
        return [int(rest) for rest in rests if rest.isdecimal() and rest[0] != "0"]
