"""Which events say that the user wanted the item."""

from __future__ import annotations

import numpy as np

from recserve.trainer.tables import Bools, Floats, Ints
from recserve.v1 import schema_pb2

SHRINKAGE = 10.0
"""So many ratings at the overall mean are added to each user's own."""


def is_judged(schema: schema_pb2.Schema) -> Bools:
    """For each event type, whether the value tells positive from negative."""
    judged = [event.HasField("positive_at_least") for event in schema.event_types]
    return np.array(judged or [False])


def positive_events(types: Ints, values: Floats, schema: schema_pb2.Schema) -> Bools:
    """Which events say that the user wanted the item, as the schema declares it."""
    if not schema.event_types:
        return np.ones(len(types), dtype=bool)
    positive = (schema_pb2.POLARITY_UNSPECIFIED, schema_pb2.POLARITY_POSITIVE)
    wanted = np.array([event.polarity in positive for event in schema.event_types])
    least = np.array(
        [
            event.positive_at_least if event.HasField("positive_at_least") else -np.inf
            for event in schema.event_types
        ],
        np.float32,  # as values are: 0.7 is then no less than 0.7
    )
    judged = np.isfinite(least)[types]
    positives: Bools = wanted[types] & (
        ~judged | (np.nan_to_num(values, nan=-np.inf) >= least[types])
    )
    return positives


def on_the_users_scale(
    user: Ints, types: Ints, values: Floats, schema: schema_pb2.Schema
) -> Floats:
    """Values less what the user's ratings lie above the mean: some give nothing but fives.

    The user's deviation is shrunk towards 0, b = sum(r - mean) / (n + `SHRINKAGE`)
    (Koren 2010, "Factor in the neighbors", baseline predictors), over the user's ratings up to
    the one that is judged: later ones are not known then.

    Args:
        user: int32 `[n]`, sorted.
        types: int `[n]`.
        values: float32 `[n]`, sorted by time within each user.
        schema: Says which values are ratings.

    Returns:
        float32 `[n]`; values that are no ratings as they are.
    """
    adjusted = values.copy()
    for kind in np.flatnonzero(is_judged(schema)):
        at = np.flatnonzero((types == kind) & np.isfinite(values))
        if not len(at):
            continue
        deviations = values[at].astype(np.float64) - values[at].mean(dtype=np.float64)
        begins = np.flatnonzero(np.diff(user[at], prepend=-1))
        sizes = np.diff(begins, append=len(at))
        sums = np.cumsum(deviations)
        before = np.repeat(sums[begins] - deviations[begins], sizes)
        counts = np.arange(len(at)) - np.repeat(begins, sizes) + 1
        adjusted[at] -= ((sums - before) / (counts + SHRINKAGE)).astype(np.float32)
    return adjusted
