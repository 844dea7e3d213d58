"""An engine in memory, for tests: no TensorFlow, no process, an answer in microseconds."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recserve.server.engine.arrays import BoolArray, Float32Array
from recserve.server.engine.contract import (
    EngineUnavailable,
    Ranking,
    RankingRequest,
    Shaping,
)
from recserve.server.shaping import ItemVectors, most_alike, shape

Scorer = Callable[[RankingRequest], Float32Array]
"""Gives the score of each of the `N` items for one request, between 0 and 1."""


class InMemoryEngine:
    """`engine.contract.Engine` over a function that scores every item.

    Args:
        item_count: `N`.
        scorer: Scores the items; default: the lower the row, the better.
        vectors: Item vectors, shape `[N, V]`; default: the nearer two rows, the more alike.
        random: Draws what is explored; default: seeded by the operating system.
    """

    def __init__(
        self,
        item_count: int,
        scorer: Scorer | None = None,
        *,
        vectors: Float32Array | None = None,
        random: np.random.Generator | None = None,
    ) -> None:
        angles = np.linspace(0, np.pi / 2, item_count, dtype=np.float32)
        circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        self._vectors = ItemVectors(circle if vectors is None else vectors)
        self._random = random or np.random.default_rng()
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
        shaping = request.shaping or Shaping()
        allowed = self._available.copy()
        allowed[request.excluded_rows] = False
        if shaping.mask is not None:
            allowed &= shaping.mask.allowed
        if shaping.similar_to is not None:
            found = most_alike(self._vectors, shaping.similar_to, allowed, request.result_count)
            return _ranking(*found)
        scores = self._scorer(request)
        rows: Any = request.candidate_rows
        if rows is None:
            order = np.argsort(-scores, kind="stable")
            rows = order[allowed[order]][: request.result_count]
        elif shaping.reranking is not None:
            rows = rows[np.argsort(-scores[rows], kind="stable")][: request.result_count]
        if shaping.reranking is None:
            return _ranking(rows, scores[rows])
        shaped = shape(shaping.reranking, self._vectors, self._random, rows, scores[rows])
        ranking = _ranking(shaped.rows, shaped.scores)
        because = shaped.because_rows.tolist()
        return replace(ranking, propensities=shaped.propensities.tolist(), because_rows=because)

    def set_available(self, available: BoolArray) -> None:
        """Say which rows may be returned at all."""
        self._available = available

    def close(self) -> None:
        """Make every later call raise EngineUnavailable."""
        self._closed = True


def _ranking(rows: NDArray[Any], scores: Float32Array) -> Ranking:
    return Ranking(rows.tolist(), scores.tolist(), 0.0, 0.0, 1)
