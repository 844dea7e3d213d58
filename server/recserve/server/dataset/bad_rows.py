"""What was wrong with the rows that were left out."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

LONGEST_CELL = 60


@dataclass(slots=True)
class BadRows:
    """Counts what was left out or mended by reason, with the first example of each.

    Attributes:
        counts: By reason, how many.
        examples: By reason, the first one as text, with its row from 1, the header left out.
    """

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    def note(self, reason: str, count: int, example: str) -> None:
        """Counts some of a reason."""
        if count:
            self.counts[reason] = self.counts.get(reason, 0) + count
            self.examples.setdefault(reason, example)

    def note_rows(self, reason: str, rows: pd.DataFrame, shown: Iterable[str]) -> None:
        """Counts rows of a reason; the example is the first, with the columns shown."""
        if len(rows):
            self.note(reason, len(rows), _example(rows, list(dict.fromkeys(shown))))

    @property
    def total(self) -> int:
        """How many, over all reasons."""
        return sum(self.counts.values())


def _example(rows: pd.DataFrame, shown: list[str]) -> str:
    cells = ", ".join(f"{name}={str(rows[name].iloc[0])[:LONGEST_CELL]!r}" for name in shown)
    return f"row {int(rows.index[0]) + 1}: {cells}"
