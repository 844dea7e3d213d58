"""The inputs of a signature, taken out of the bytes of a batch inside TensorFlow's graph."""

from typing import Any

import tensorflow as tf

from recserve.server.engine.user_inputs import UserLayout
from recserve.server.feature_widths import FeatureWidths

NOW_BYTES = 8
"""Before each user comes the moment of the request, a float64."""


def user_numbers(users: Any, layout: UserLayout) -> dict[str, Any]:
    """From bytes `[B, bytes]` to the user inputs of docs/artefact.md that are numbers."""
    size = tf.shape(users)[0]
    now = tf.bitcast(users[:, :NOW_BYTES], tf.float64)[:, None]
    parts = {}
    for name, (dtype, start, *_) in (layout.dtype.fields or {}).items():
        base, (width,) = dtype.subdtype or (dtype, (1,))
        begin = NOW_BYTES + start
        cut = users[:, begin : begin + width * base.itemsize]
        parts[name] = tf.bitcast(tf.reshape(cut, [size, width, base.itemsize]), tf.as_dtype(base))
    ages = now - parts.pop("history_times")
    parts["history_ages"] = tf.cast(tf.where(ages < 0, tf.zeros_like(ages), ages), tf.float32)
    return parts


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
