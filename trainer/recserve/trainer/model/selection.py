"""The best of many, exclusions and availability exactly kept."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

# Below every score that an item can have.
OUT = -1e30
# Where there are this many numbers for each one wanted, blocks of them are looked at first.
MANY = 128
BLOCK = 16


def without(scores: Any, available: Any, excluded_rows: Any) -> Any:
    """Scores `[B, N]` with excluded and unavailable items put out of reach."""
    excluded = dense(*exclusions(excluded_rows, tf.shape(scores)[1]), tf.shape(scores)[1])
    return only(scores + excluded, available)


def exclusions(excluded_rows: Any, item_count: Any) -> tuple[Any, Any]:
    """What to add to which scores so that excluded items are out of reach, `[B, E]` each.

    Padding adds nothing to row 0.
    """
    inside = (excluded_rows >= 0) & (excluded_rows < item_count)
    return tf.where(inside, excluded_rows, 0), tf.where(inside, 2 * OUT, 0.0)


def only(scores: Any, available: Any) -> Any:
    """Scores `[B, N]` with unavailable items put out of reach."""
    return tf.minimum(scores, tf.where(available, scores.dtype.max, 2 * OUT))


def dense(rows: Any, values: Any, item_count: Any) -> Any:
    """The sum of the values of each row, float32 `[B, N]`, of rows and values `[B, M]`."""
    batch = tf.shape(rows)[0]
    at = rows + item_count * tf.range(batch)[:, None]
    totals = tf.math.unsorted_segment_sum(
        tf.reshape(values, [-1]), tf.reshape(at, [-1]), batch * item_count
    )
    return tf.reshape(totals, [batch, item_count])


def largest(scores: Any, count: Any) -> tuple[Any, Any]:
    """The `count` largest of each row of `[B, N]`, in no order; all if there are fewer.

    Returns:
        The numbers and their places, `[B, min(count, N)]` each.
    """
    count = tf.minimum(count, tf.shape(scores)[1])
    top, at = tf.cond(
        tf.shape(scores)[1] > MANY * count,
        lambda: _largest_by_blocks(scores, count),
        lambda: _largest(scores, count),
    )
    return top, at


def _largest(scores: Any, count: Any) -> tuple[Any, Any]:
    found = tf.math.top_k(scores, count, sorted=False)
    return found.values, found.indices


def _largest_by_blocks(scores: Any, count: Any) -> tuple[Any, Any]:
    """The same, by looking only through the blocks with the largest maxima.

    Exact: the largest `count` numbers lie in the `count` blocks with the largest maxima. Finding
    maxima is many times quicker than keeping the largest of all.
    """
    batch, size = tf.shape(scores)[0], tf.shape(scores)[1]
    padded = tf.pad(scores, [[0, 0], [0, -size % BLOCK]], constant_values=scores.dtype.min)
    blocks = tf.reshape(padded, [batch, -1, BLOCK])
    # The best blocks first: what comes late is then mostly passed over.
    chosen = tf.math.top_k(tf.reduce_max(blocks, axis=2), count).indices
    inside = tf.reshape(tf.gather(blocks, chosen, batch_dims=1), [batch, -1])
    top, at = _largest(inside, count)
    return top, tf.gather(chosen, at // BLOCK, batch_dims=1) * BLOCK + at % BLOCK


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
    top, at = largest(scores, kept)
    top, order = tf.math.top_k(top, kept)
    at = tf.gather(at, order, batch_dims=1)
    there = top > OUT
    found = tf.where(there, tf.gather(rows, at, batch_dims=1), -1)
    padding = [[0, 0], [0, tf.maximum(result_count - kept, 0)]]
    top = tf.where(there, top, 0.0)
    return tf.pad(found, padding, constant_values=-1), tf.pad(top, padding)
