"""An engine in memory, for tests: no TensorFlow, no process, an answer in microseconds."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recserve.server.engine.arrays import BoolArray, Float32Array
from recserve.server.engine.contract import (
    EngineUnavailable,
    Ranking,
    RankingRequest,
)

Scorer = Callable[[RankingRequest], Float32Array]
"""Gives the score of each of the `N` items for one request, between 0 and 1."""


class InMemoryEngine:
    """`engine.contract.Engine` over a function that scores every item.

    Args:
        item_count: `N`.
        scorer: Scores the items; default: the lower the row, the better.
    """

    def __init__(self, item_count: int, scorer: Scorer | None = None) -> None:
        descending = np.linspace(1, 0, item_count, endpoint=False, dtype=np.float32)
        self._scorer: Scorer = scorer or (lambda _request: descending)
        self._available = np.ones(item_count, np.bool_)
        self.requests: list[RankingRequest] = []
        """Every request that came, in order."""
        self.failure: Exception | None = None
        """Raised by each call, if set."""
        self._closed = False

    async def rank(self, request: RankingRequest) -> Ranking:
        """Answer at once; see `engine.contract.Engine.rank`."""
        self.requests.append(request)
        if self.failure is not None:
            raise self.failure
        if self._closed:
            raise EngineUnavailable("the engine was closed")
        scores = self._scorer(request)
        if request.candidate_rows is not None:
            return _ranking(request.candidate_rows, scores)
        allowed = self._available.copy()
        allowed[request.excluded_rows] = False
        order = np.argsort(-scores, kind="stable")
        rows = order[allowed[order]][: request.result_count]
        return _ranking(rows, scores)

    def set_available(self, available: BoolArray) -> None:
        """Say which rows may be returned at all."""
        self._available = available

    def close(self) -> None:
        """Make every later call raise EngineUnavailable."""
        self._closed = True


def _ranking(rows: NDArray[Any], scores: Float32Array) -> Ranking:
    return Ranking(rows.tolist(), scores[rows].tolist(), 0.0, 0.0, 1)
