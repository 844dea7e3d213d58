"""`rollbacks.json` beside the versions: which ones a server took a label from, and why.

It decides nothing, `labels.json` does: so a file that was spoilt is as good as none.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from recserve.server.labels import STABLE
from recserve.server.model_store.json_file import replace_json

FILE_NAME = "rollbacks.json"
MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Rollback:
    """Why a version lost a label."""

    label: str
    to: int
    """The version that is stable since."""
    kind: str
    """What it was for, in a word."""
    why: str
    """For people."""
    time: float
    """Seconds since the Unix epoch."""

    @property
    def text(self) -> str:
        """All of it in a sentence."""
        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(self.time))
        if self.label == STABLE:
            return f"{when}, back to version {self.to}: {self.why}"
        return f"{when}, no longer {self.label}: {self.why}"


def read_rollbacks(folder: Path) -> dict[int, Rollback]:
    """Read the file of a model's folder, by version."""
    try:
        with (folder / FILE_NAME).open("rb") as file:
            return parse_rollbacks(file.read(MAX_BYTES))
    except OSError:
        return {}


def parse_rollbacks(content: bytes) -> dict[int, Rollback]:
    """Read the content of the file, by version."""
    try:
        tree = dict(json.loads(content).items())
        return {int(version): _rollback(entry) for version, entry in tree.items()}
    except (
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        AttributeError,
        RecursionError,
    ):
        return {}


def write_rollbacks(folder: Path, rollbacks: Mapping[int, Rollback]) -> None:
    """Replace the file, in one step and durably.

    Raises:
        OSError: it cannot be written; the old one stands.
    """
    replace_json(folder, FILE_NAME, rollbacks_tree(rollbacks))


def rollbacks_tree(rollbacks: Mapping[int, Rollback]) -> dict[str, object]:
    """The rollbacks as they are written in JSON."""
    return {str(version): asdict(each) for version, each in sorted(rollbacks.items())}


def _rollback(entry: Mapping[str, object]) -> Rollback:
    label, kind, why = (str(entry[name]) for name in ("label", "kind", "why"))
    to, when = entry["to"], entry["time"]
    if not isinstance(to, int) or not isinstance(when, int | float):
        raise TypeError("no rollback")
    time.gmtime(when)  # raises where no calendar has it
    return Rollback(label, to, kind, why, float(when))
