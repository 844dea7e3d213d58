"""The best of many, exclusions and availability exactly kept."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

# Below every score that an item can have.
OUT = -1e30


def without(scores: Any, available: Any, excluded_rows: Any) -> Any:
    """Scores `[B, N]` with excluded and unavailable items put out of reach."""
    batch, count = tf.shape(scores)[0], tf.shape(scores)[1]
    inside = (excluded_rows >= 0) & (excluded_rows < count)
    columns = tf.where(inside, excluded_rows, count)
    at = tf.range(batch)[:, None] * (count + 1) + columns
    hits = tf.math.unsorted_segment_sum(
        tf.ones_like(tf.reshape(at, [-1])), tf.reshape(at, [-1]), batch * (count + 1)
    )
    excluded = tf.reshape(hits, [batch, count + 1])[:, :-1] > 0
    return tf.where(excluded | ~available[None, :], OUT, scores)


def best(scores: Any, rows: Any, result_count: Any) -> tuple[Any, Any]:
    """The best of the offered rows.

    Args:
        scores: float32 `[B, C]`; `OUT` for what must not be returned.
        rows: int32 `[B, C]`, the items that the scores are of.
        result_count: int32 `[]`, K.

    Returns:
        Rows int32 `[B, K]`, -1 for none, and scores float32 `[B, K]`, 0 for none.
    """
    kept = tf.minimum(result_count, tf.shape(scores)[1])
    top, at = tf.math.top_k(scores, kept)
    there = top > OUT
    found = tf.where(there, tf.gather(rows, at, batch_dims=1), -1)
    padding = [[0, 0], [0, tf.maximum(result_count - kept, 0)]]
    top = tf.where(there, top, 0.0)
    return tf.pad(found, padding, constant_values=-1), tf.pad(top, padding)
