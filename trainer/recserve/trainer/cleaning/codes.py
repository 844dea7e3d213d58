"""Strings as numbers, given in the order in which the strings first come."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recserve.trainer.tables import Ints, Strings


class Codes:
    """The numbers of strings; grows piece by piece."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def encode(self, column: pd.Series[str]) -> Ints:
        """The number of each string, int32 `[n]`; a new string gets the next one."""
        found, words = pd.factorize(column)
        table = [self._codes.setdefault(word, len(self._codes)) for word in words]
        return np.array(table, np.int32)[found] if table else np.zeros(0, np.int32)

    @property
    def strings(self) -> Strings:
        """The string of each number."""
        return np.array(list(self._codes), dtype=object)
