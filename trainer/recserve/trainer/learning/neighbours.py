"""Chooses how the neighbours are solved and read, on events that they have not seen."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from recserve.trainer.item_similarity.neighbourhood_ridge import Neighbourhoods, PairCounts
from recserve.trainer.learning.inputs import UserInputs, batches
from recserve.trainer.learning.validation import gains, ranks
from recserve.trainer.model.neighbours import Neighbours, Solved
from recserve.trainer.model.selection import without
from recserve.trainer.model.two_stage import TwoStage
from recserve.trainer.tables import Events, Ints

# Items that each is predicted from. The best ridge is the same for fewer, which are solved sooner.
SUPPORT = 300
CHOOSING_SUPPORT = 100
MOST_TARGETS = 200
# Ridges are FIRST_RIDGE times powers of STEP: 12.5 to 12,800.
FIRST_RIDGE = 200.0
STEP = 4.0
LEAST_RIDGE, MOST_RIDGE = 12.0, 13_000.0
DECAYS = (1.0, 0.97, 0.9, 0.8)
NO_DECAY = (1.0,)
BATCH = 256


class NeighbourTrainer:
    """Fits the table of the neighbours, with the ridge and the decay that do best.

    Args:
        model: Whose neighbours are fitted.
        item_count: Items.
        ordered: Whether events have an order.
    """

    def __init__(self, model: TwoStage, item_count: int, *, ordered: bool) -> None:
        self._neighbours = model.retrieval.neighbours
        self._item_count = item_count
        self._decays = DECAYS if ordered else NO_DECAY
        self.ridge, self.decay = FIRST_RIDGE, 1.0

    def use(self, events: Events) -> None:
        """Solves for these events, with the ridge and decay as chosen."""
        self._use(PairCounts(events, self._item_count))

    def _use(self, counts: PairCounts) -> None:
        table = counts.fit(self.ridge, SUPPORT, MOST_TARGETS)
        self._neighbours.remember(table, self.decay)

    def choose(
        self,
        events: Events,
        inputs: UserInputs,
        whole: Events,
        positions: Ints,
    ) -> tuple[float, float]:
        """Solves for these events with the decay, then the ridge, of the best NDCG@10.

        Args:
            events: To solve for.
            inputs: Of all events.
            whole: All events.
            positions: Of the events in `whole` that are asked for, none of them in `events`.

        Returns:
            Ridge and decay.
        """
        counts = PairCounts(events, self._item_count)
        tables: dict[float, Neighbourhoods] = {}
        ranks_of = tf.function(
            functools.partial(_ranks, self._neighbours, self._item_count),
            reduce_retracing=True,
            autograph=False,
        )

        def score(ridge: float, decay: float) -> float:
            if ridge not in tables:
                tables[ridge] = counts.fit(ridge, CHOOSING_SUPPORT, MOST_TARGETS)
            solved, parts = Solved.of(tables[ridge], decay), []
            for batch in batches(positions, BATCH):
                history, _, _ = inputs.at(batch)
                seen = tf.constant(inputs.histories.items_before(batch))
                parts.append(ranks_of(solved, history, seen, tf.constant(whole.item[batch])))
            return float(gains(np.concatenate(parts)).mean())

        scores = {decay: score(FIRST_RIDGE, decay) for decay in self._decays}
        self.decay = max(self._decays, key=lambda decay: scores[decay])
        self.ridge, best = FIRST_RIDGE, scores[self.decay]
        # The ridges are walked downwards, or else upwards, for as long as it pays.
        for step in (1.0 / STEP, STEP):
            while LEAST_RIDGE <= self.ridge * step <= MOST_RIDGE:
                reached = score(self.ridge * step, self.decay)
                if reached <= best:
                    break
                self.ridge, best = self.ridge * step, reached
            if self.ridge != FIRST_RIDGE:
                break
        self._use(counts)
        return self.ridge, self.decay


def _ranks(
    neighbours: Neighbours, count: int, solved: Solved, history: Any, seen: Any, targets: Any
) -> Any:
    chances = neighbours.chances_by(solved, history, count)
    return ranks(without(chances, tf.ones([count], tf.bool), seen), targets)
