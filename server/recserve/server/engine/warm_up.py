"""Requests that a new engine computes before anybody waits for it."""

from collections.abc import Iterator, Sequence

import numpy as np

from recserve.server.engine.arrays import Int32Array
from recserve.server.engine.contract import RankingRequest
from recserve.server.engine.frames import LENGTH, ArrivedRequest, decode_arrival, encode_rank
from recserve.server.engine.padding import BATCH_SIZES, padded_size
from recserve.server.engine.user_inputs import UserInputs, UserLayout

COMMON_RESULTS = 10
COMMON_EXCLUSIONS = (50, 500)
COMMON_CANDIDATES = (1, 100)
"""The kernels of the model are made for shapes: these are the usual ones."""


def synthetic_batches(
    layout: UserLayout, item_count: int, max_requests: int
) -> Iterator[Sequence[ArrivedRequest]]:
    """Batches of every size, with and without candidates.

    Args:
        layout: Of the version's users.
        item_count: Items of the version, at least 1.
        max_requests: Most requests of a batch.
    """
    rows = np.arange(item_count, dtype=np.int32)
    user = layout.inputs(rows=rows[:1].tolist(), types=[0], values=[1.0], times=[0.0])
    sizes = [size for size in BATCH_SIZES if size <= padded_size(max_requests)]
    for size in sizes:
        yield [_recommend(user, rows[:0])] * size
        for candidates in COMMON_CANDIDATES:
            request = RankingRequest(
                user=user, result_count=COMMON_RESULTS, candidate_rows=rows[:candidates]
            )
            yield [_arrived(request)] * size
    for excluded in COMMON_EXCLUSIONS:  # no kernel is made for how many they are
        yield [_recommend(user, rows[:excluded])] * sizes[-1]


def _recommend(user: UserInputs, excluded_rows: Int32Array) -> ArrivedRequest:
    return _arrived(
        RankingRequest(user=user, result_count=COMMON_RESULTS, excluded_rows=excluded_rows)
    )


def _arrived(request: RankingRequest) -> ArrivedRequest:
    """As it comes from a front end."""
    arrived = decode_arrival(encode_rank(0, request)[LENGTH.size :]).request
    assert arrived is not None  # noqa: S101  # by construction
    return arrived
