"""The inputs of a signature, taken out of the bytes of a batch inside TensorFlow's graph."""

import math
from typing import Any

import tensorflow as tf

from recserve.server.engine.user_inputs import EVENT, NOW_BYTES, UserLayout
from recserve.server.feature_widths import FeatureWidths

_WORD_BYTES = 4
_NOW_WORDS, _EVENT_WORDS = NOW_BYTES // _WORD_BYTES, EVENT.itemsize // _WORD_BYTES


def user_numbers(users: Any, layout: UserLayout) -> dict[str, Any]:
    """From words, int32 `[B, W]`, to the user inputs of docs/artefact.md that are numbers.

    Each user has as many words as any other of the batch, and so as many events; the rest of the
    history is padded here.
    """
    size = tf.shape(users)[0]
    first = _NOW_WORDS + layout.widths.user_numeric
    count = (tf.shape(users)[1] - first) // _EVENT_WORDS
    events = tf.reshape(users[:, first:], [size, count, _EVENT_WORDS])

    def history(values: Any, empty: float) -> Any:
        padding = [[0, 0], [0, layout.widths.history - count]]
        padded = tf.pad(values, padding, constant_values=empty)
        return tf.ensure_shape(padded, [None, layout.widths.history])

    ages = _doubles(users[:, None, :_NOW_WORDS]) - _doubles(events[:, :, 3:])
    ages = tf.cast(tf.where(ages < 0, tf.zeros_like(ages), ages), tf.float32)
    return {
        "history_rows": history(events[:, :, 0], -1),
        "history_types": history(events[:, :, 1], -1),
        "history_values": history(tf.bitcast(events[:, :, 2], tf.float32), math.nan),
        "history_ages": history(ages, math.nan),
        "user_numeric": tf.bitcast(users[:, _NOW_WORDS:first], tf.float32),
    }


def _doubles(words: Any) -> Any:
    """From int32 `[..., 2]` to float64 `[...]`."""
    return tf.bitcast(words, tf.float64)


def text_features(texts: Any, size: Any, widths: FeatureWidths) -> dict[str, Any]:
    """The string inputs, cut from `[B, strings]`; of size 0 where the schema has none."""
    length, start = widths.multi_valued_length, 0
    parts = {}
    for owner, categorical, multi_valued in (
        ("user", widths.user_categorical, widths.user_multi_valued),
        ("context", widths.context_categorical, widths.context_multi_valued),
    ):
        middle = start + categorical
        end = middle + multi_valued * length
        if texts is None:
            cut, tail = (tf.fill(tf.concat([size, [0]], 0), "") for _ in range(2))
        else:
            cut, tail = texts[:, start:middle], texts[:, middle:end]
        parts[f"{owner}_categorical"] = cut
        shape = tf.concat([size, [multi_valued, length]], 0)
        parts[f"{owner}_multi_valued"] = tf.reshape(tail, shape)
        start = end
    return parts
