"""Text to words, inside the graph: training and serving cannot differ."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

# Scripts written without spaces: each of their characters is a word.
UNSPACED = r"(\p{Han}|\p{Hiragana}|\p{Katakana}|\p{Thai}|\p{Lao}|\p{Khmer}|\p{Myanmar})"
NO_LETTERS = r"[^\p{L}\p{M}\p{N}]+"


def words(texts: Any) -> Any:
    """Splits texts, in lower case, wherever there is neither a letter nor a digit.

    Args:
        texts: string `[n]`, UTF-8 in any script.

    Returns:
        Ragged strings `[n, words]`.
    """
    lower = tf.strings.lower(texts, encoding="utf-8")
    apart = tf.strings.regex_replace(lower, UNSPACED, r" \1 ")
    return tf.strings.split(tf.strings.regex_replace(apart, NO_LETTERS, " "))
