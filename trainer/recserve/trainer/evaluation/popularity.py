"""The baseline: what is popular, with what the user had already left out."""

import numpy as np

from recserve.trainer.tables import Floats, Ints


def recommend(popularity: Floats, excluded: Ints, count: int) -> Ints:
    """The most popular items for each user; ties in the order of the item table.

    Args:
        popularity: float `[N]`.
        excluded: int `[U, E]`, rows not to return, padded with -1.
        count: Items wanted, K.

    Returns:
        int32 `[U, K]`; -1 where the catalogue ends.
    """
    order = np.argsort(-popularity, kind="stable").astype(np.int32)
    # No user can lose more than E of the head to exclusions.
    head = order[: count + excluded.shape[1]]
    kept = np.ones((len(excluded), len(popularity) + 1), dtype=bool)
    np.put_along_axis(kept, np.where(excluded >= 0, excluded, len(popularity)), False, axis=1)
    allowed = kept[:, head]
    places = np.argsort(~allowed, axis=1, kind="stable")[:, :count]
    rows = np.where(np.take_along_axis(allowed, places, axis=1), head[places], -1)
    missing = max(0, count - rows.shape[1])
    return np.pad(rows, ((0, 0), (0, missing)), constant_values=-1).astype(np.int32)


def smoothed_rates(items: Ints, positive: Ints, item_count: int, strength: float = 10.0) -> Floats:
    """The share of positives of each item, drawn towards the overall share.

    Returns:
        float64 `[item_count]`: (positives + strength * overall) / (rows + strength).
    """
    rows = np.bincount(items, minlength=item_count)
    positives = np.bincount(items, positive, minlength=item_count)
    overall = positive.mean()
    rates: Floats = (positives + strength * overall) / (rows + strength)
    return rates
