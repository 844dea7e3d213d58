"""Asks a model as a server would ask it."""

from __future__ import annotations

from typing import Any

import numpy as np

from recserve.trainer.evaluation import popularity
from recserve.trainer.evaluation.inputs import feature_inputs, item_inputs
from recserve.trainer.evaluation.questions import Questions
from recserve.trainer.evaluation.setting import Runner
from recserve.trainer.histories import Histories
from recserve.trainer.tables import Bools, Floats, Ints, Tables

BATCH = 128


class Asked:
    """A model that is asked questions.

    Users of whom nothing is known get what is popular, as a server would give them.

    Args:
        run: Runs a signature of the model.
        tables: The users and items.
        weight: float `[N]`, the popularity of each item.
        history_length: Events that the model reads.
        available: `[N]`, the items that may be recommended. Default: all.
    """

    def __init__(
        self,
        run: Runner,
        tables: Tables,
        weight: Floats,
        history_length: int,
        available: Bools | None = None,
    ) -> None:
        self._run, self._tables = run, tables
        self._length = history_length
        self._available = np.ones(tables.item_count, bool) if available is None else available
        self._popular = Popular(weight, available)
        self._items = run("encode_items", item_inputs(tables, weight))

    def recommend(self, questions: Questions, count: int) -> tuple[Ints, Floats]:
        """The first items for each question.

        Args:
            questions: Q of them.
            count: Items wanted, K.

        Returns:
            Rows int32 `[Q, K]`, -1 for none, and scores float32 `[Q, K]`, 0 for none and for what
            is merely popular.
        """
        tables = self._tables
        histories = Histories(questions.log, tables.user_count, self._length, clock=tables.clock)
        rows = np.full((len(questions), count), -1, np.int32)
        scores = np.zeros(rows.shape, np.float32)
        for part, asked in questions.batches(BATCH):
            excluded, known = asked.items_before(), asked.known
            if known.any():
                answer = self._answer(histories, asked.take(known), excluded[known], count)
                rows[part][known], scores[part][known] = answer
            if not known.all():
                rows[part][~known] = self._popular.without(excluded[~known], count)
        return rows, scores

    def _answer(
        self, histories: Histories, asked: Questions, excluded: Ints, count: int
    ) -> tuple[Ints, Floats]:
        tables = self._tables
        block = histories.block(asked.start, asked.end, asked.time)
        inputs: dict[str, Any] = {
            "history_rows": block.rows,
            "history_types": block.types,
            "history_values": block.values,
            "history_ages": block.ages,
            **feature_inputs("user", tables.user_features.take(asked.user)),
            **feature_inputs("context", asked.context),
            **self._items,
            "available": self._available,
            "excluded_rows": excluded,
            "result_count": np.int32(count),
        }
        answer = self._run("recommend", inputs)
        return np.asarray(answer["rows"]), np.asarray(answer["scores"])


class Popular:
    """Recommends the most popular items that the user has not had.

    Args:
        weight: float `[N]`, the popularity of each item.
        available: `[N]`, the items that may be recommended. Default: all.
    """

    def __init__(self, weight: Floats, available: Bools | None = None) -> None:
        everything = np.ones(len(weight), bool)
        self._rows = np.flatnonzero(everything if available is None else available)
        self._weight = weight[self._rows]
        # Where an item stands among these; the last place is of no item.
        self._place = np.full(len(weight) + 1, -1, np.int32)
        self._place[self._rows] = np.arange(len(self._rows))

    def recommend(self, questions: Questions, count: int) -> Ints:
        """The first items for each question, int32 `[Q, K]`; -1 for none."""
        rows = np.full((len(questions), count), -1, np.int32)
        for part, asked in questions.batches(BATCH):
            rows[part] = self.without(asked.items_before(), count)
        return rows

    def without(self, excluded: Ints, count: int) -> Ints:
        """The first items that are not excluded, int32 `[B, K]`; `excluded` is `[B, E]`."""
        found = popularity.recommend(self._weight, self._place[excluded], count)
        return np.append(self._rows, -1)[found].astype(np.int32)
