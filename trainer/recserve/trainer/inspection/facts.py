"""What one column of text looks like."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recserve.trainer import list_cell, vector_cell
from recserve.trainer.cleaning.interactions import numbers_or_truths
from recserve.trainer.cleaning.times import parse_times

SEPARATORS = ("|", ";")
# Bad cells, a tenth and some, must not turn a number into a category; cleaning deals with them.
NUMERIC_SHARE = 0.85
# Where the name says it already, most cells are enough: cleaning then tells of the others.
NAMED_SHARE = 0.5
LABEL_SHARE = 0.95
SEPARATED_SHARE = 0.2
FEW_STEPS = 3
MOST_LOOKED_AT = 1000


@dataclass(frozen=True)
class ColumnFacts:
    """What one column of text looks like."""

    name: str
    values: pd.Series[str]
    """The cells, trimmed; empty where missing."""
    missing: float
    """Share of empty cells."""
    distinct: int
    numbers_share: float
    """Share of the cells that are there that are numbers."""
    numeric: bool
    """Whether nearly all cells that are there are numbers."""
    whole: bool
    """Whether nearly all cells that are there are whole numbers."""
    separator: str
    """What separates several values within one cell; empty if nothing does."""
    words: float
    """Mean words in a cell."""
    dimension: int
    """Numbers in each cell, where nearly all hold as many, and not whole ones; 0 for others."""

    @property
    def example(self) -> str:
        """The first cell that is there."""
        present = self.values[self.values != ""]
        return "" if present.empty else str(present.iloc[0])

    @property
    def present(self) -> pd.Series[str]:
        """The cells that are there."""
        return self.values[self.values != ""]

    def numbers(self) -> pd.Series[float]:
        """The cells as numbers; NaN where they are none."""
        return pd.to_numeric(self.values, errors="coerce")

    def is_label(self, least: float = NUMERIC_SHARE) -> bool:
        """Whether the cells are 0 and 1, -1 and 1, or no and yes.

        Args:
            least: The share of the cells that must be readable as numbers or truths.
        """
        values = numbers_or_truths(self.present).dropna()
        if not len(values) or len(values) < least * len(self.present):
            return False
        return any(values.isin(pair).mean() >= LABEL_SHARE for pair in ((0, 1), (-1, 1)))

    def counts_rows(self) -> bool:
        """Whether the cells count the rows of the file."""
        steps = self.numbers().diff().iloc[1:]
        return len(steps) > FEW_STEPS and bool((steps == 1.0).all())

    def is_time(self, least: float = NUMERIC_SHARE) -> bool:
        """Whether this share of the cells are times of a clock, between 1980 and 2100."""
        times = parse_times(self.present, clock=True)
        inside = (times > 315_532_800) & (times < 4_102_444_800)
        return bool(len(times)) and float(np.mean(inside)) >= least


def facts(column: pd.Series[str]) -> ColumnFacts:
    """Looks at one column."""
    lists = bool(column.str.startswith(list_cell.MARK).any())
    values = (column.map(list_cell.shown) if lists else column).str.strip()
    values = values.mask(values.str.lower() == "nan", "")
    present = values[values != ""]
    numbers = pd.to_numeric(present, errors="coerce")
    share = float(numbers.notna().mean()) if len(present) else 0.0
    numeric = not lists and share >= NUMERIC_SHARE
    finite = numbers[np.isfinite(numbers)]
    dimension = 0 if numeric else _dimension(present)
    separated = not (numeric or dimension)
    return ColumnFacts(
        name=str(column.name),
        values=values,
        missing=1.0 - len(present) / max(1, len(values)),
        distinct=present.nunique(),
        numbers_share=share,
        numeric=numeric,
        whole=numeric and bool((finite == finite.round()).mean() >= NUMERIC_SHARE),
        separator="" if not separated else "|" if lists else _separator(present),
        words=float(present.str.count(r"\s+").mean() + 1) if len(present) else 0.0,
        dimension=dimension,
    )


def _dimension(present: pd.Series[str]) -> int:
    """How many numbers nearly every cell holds; 0 where it is one, or they are whole: ids."""
    cells = present.head(MOST_LOOKED_AT)
    sizes = np.array([len(vector_cell.read(cell)) for cell in cells], dtype=np.int64)
    size = int(np.median(sizes)) if len(sizes) else 0
    fractions = cells.str.count(r"\d\.\d|\.\d|\de-?\d") >= size / 2
    vectors = (sizes == size) & fractions.to_numpy()
    return size if size > 1 and vectors.mean() >= NUMERIC_SHARE else 0


def _separator(present: pd.Series[str]) -> str:
    """A separator that many cells have, between parts that recur in other cells."""
    for separator in SEPARATORS:
        if not len(present):
            return ""
        if float(present.str.contains(re.escape(separator)).mean()) < SEPARATED_SHARE:
            continue
        parts = present.str.split(separator, regex=False).explode().str.strip()
        if parts.nunique() < len(parts) / 2:
            return separator
    return ""
