"""`labels.json` beside the versions: where operators put labels.

A label that a version gets because it is new is not written down: the same store always leads to
the same label. What an operator decided is, so that it outlives a restart and is seen by every
server of the store.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from recserve.server.labels import LABELS, STABLE
from recserve.server.model_store.json_file import replace_json

FILE_NAME = "labels.json"
LOCK_NAME = ".labels.lock"
MAX_BYTES = 1 << 16


class InvalidPins(Exception):
    """The file cannot be read as what it should be; the message says why."""


class Pin(NamedTuple):
    """Where an operator put a label."""

    version: int
    """0: the label was taken off."""
    seen: int
    """The newest version that was there then: a newer one may take the label."""


def pinned(pins: Mapping[str, Pin], label: str, pin: Pin) -> dict[str, Pin]:
    """The pins with one more; a version that becomes stable loses its other ones."""
    kept = {
        name: each for name, each in pins.items() if label != STABLE or each.version != pin.version
    }
    return {**kept, label: pin}


def read_pins(folder: Path) -> dict[str, Pin]:
    """Read the file of a model's folder; without one there are no pins.

    Raises:
        InvalidPins: it is damaged.
        OSError: it cannot be read.
    """
    path = folder / FILE_NAME
    try:
        with path.open("rb") as file:
            return parse_pins(file.read(MAX_BYTES), path)
    except (FileNotFoundError, NotADirectoryError):
        return {}


def parse_pins(content: bytes, origin: object) -> dict[str, Pin]:
    """Read the content of the file.

    Raises:
        InvalidPins: it is damaged.
    """
    try:
        tree = dict(json.loads(content).items())
        return {label: _pin(tree[label]) for label in LABELS if label in tree}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InvalidPins(f"{origin} is no file of labels: {error}") from error


def write_pins(folder: Path, pins: Mapping[str, Pin]) -> None:
    """Replace the file, in one step and durably.

    Raises:
        OSError: it cannot be written; the old one stands.
    """
    replace_json(folder, FILE_NAME, pins_tree(pins))


def pins_tree(pins: Mapping[str, Pin]) -> dict[str, object]:
    """The pins as they are written in JSON."""
    return {label: pin._asdict() for label, pin in pins.items()}


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the file's lock: one writer at a time, of all servers of the store.

    It is not the lock of the folder, which a trainer may hold for as long as it clears up there.

    Raises:
        OSError: it cannot be locked.
    """
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _pin(tree: Mapping[str, object]) -> Pin:
    version, seen = tree["version"], tree["seen"]
    if not (isinstance(version, int) and isinstance(seen, int) and version >= 0 and seen >= 0):
        raise ValueError(f"{version!r} and {seen!r} are no numbers of versions")
    return Pin(version, seen)
