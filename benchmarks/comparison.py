"""This run beside a saved one: the ratio of each figure, and what got worse beyond the noise.

Noise is what the rounds of each run show: a figure got worse where every round of this run is worse
than every round of the saved one. If nothing had changed, five rounds against five would fall so by
chance once in 252 times for each figure; figures with fewer than three rounds are never marked.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks.result import Figure, Table, cell

LEAST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Change:
    """One figure in both runs."""

    benchmark: str
    saved: Figure
    now: Figure

    @property
    def ratio(self) -> float:
        """This run's median as a multiple of the saved one's; NaN where that was 0."""
        if not self.saved.median:
            return 1.0 if not self.now.median else float("nan")
        return self.now.median / self.saved.median

    @property
    def verdict(self) -> str:
        """`worse`, `better`, or empty where the rounds of the two runs overlap."""
        if min(len(self.saved.rounds), len(self.now.rounds)) < LEAST_ROUNDS:
            return ""
        higher = min(self.now.rounds) > max(self.saved.rounds)
        lower = max(self.now.rounds) < min(self.saved.rounds)
        if not higher and not lower:
            return ""
        return "worse" if higher == self.now.lower_is_better else "better"


def changes(
    saved: Mapping[str, Mapping[str, Figure]], now: Mapping[str, Iterable[Figure]]
) -> Iterator[Change]:
    """Pair the figures of two runs by benchmark and name; those in one run alone are left out."""
    for benchmark, figures in now.items():
        for figure in figures:
            before = saved.get(benchmark, {}).get(figure.name)
            if before is not None:
                yield Change(benchmark, before, figure)


def change_table(found: Iterable[Change]) -> Table:
    """One row for each change."""
    columns = ("figure", "unit", "saved", "now", "ratio", "verdict")
    rows = [
        (
            f"{change.benchmark}: {change.now.name}",
            change.now.unit,
            cell(change.saved),
            cell(change.now),
            f"{change.ratio:.2f}",
            f"**{change.verdict}**" if change.verdict == "worse" else change.verdict,
        )
        for change in found
    ]
    return Table(columns, rows)
