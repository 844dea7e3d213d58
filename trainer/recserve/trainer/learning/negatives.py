"""Negatives for the softmax of retrieval."""

from dataclasses import dataclass

import numpy as np

from recserve.trainer.tables import Bools, Floats, Ints

SAMPLE = 1024


@dataclass(frozen=True)
class Negatives:
    """Items that stand for the catalogue in one training step."""

    rows: Ints
    """int32 `[S]`, each once."""
    log_rates: Floats
    """float32 `[S]`: the log of how often each is expected among the S draws; what its logit
    is lowered by, so that the sample estimates the sum over the catalogue (Bengio and
    Senecal, 2008)."""


class NegativeSampler:
    """Draws negatives in proportion to the square root of popularity.

    A catalogue that is no larger than the sample is taken whole.
    """

    def __init__(self, known: Bools, popularity: Floats, rng: np.random.Generator) -> None:
        self._rows = np.flatnonzero(known).astype(np.int32)
        rates = np.sqrt(popularity[self._rows] + 1.0, dtype=np.float64)
        self._rates = rates / rates.sum()
        self._cumulative = np.cumsum(self._rates)
        self._rng = rng

    def draw(self) -> Negatives:
        """Negatives for one step."""
        if len(self._rows) <= SAMPLE:
            return Negatives(self._rows, np.zeros(len(self._rows), np.float32))
        drawn = np.searchsorted(self._cumulative, self._rng.random(SAMPLE))
        unique, times = np.unique(np.minimum(drawn, len(self._rows) - 1), return_counts=True)
        log_rates = np.log(SAMPLE * self._rates[unique]) - np.log(times)
        return Negatives(self._rows[unique], log_rates.astype(np.float32))

    def blocked(self, negatives: Negatives, history: Ints, targets: Ints) -> Bools:
        """`[B, S]`: negatives that are an example's target or in its history."""
        size = int(self._rows.max()) + 2
        place = np.full(size, -1)
        place[negatives.rows] = np.arange(len(negatives.rows))
        had = np.concatenate([history, targets[:, None]], axis=1)
        columns = place[np.where((had >= 0) & (had < size - 1), had, size - 1)]
        blocked = np.zeros((len(targets), len(negatives.rows) + 1), dtype=bool)
        np.put_along_axis(blocked, columns, True, axis=1)
        return blocked[:, :-1]
