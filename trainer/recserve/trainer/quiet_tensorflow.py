"""How TensorFlow is set up before its first import."""

import os


def set_up() -> None:
    """Keeps TensorFlow's start-up notes out of the output, and its results reproducible."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


def seed(value: int) -> None:
    """Seeds every random choice, and takes only kernels whose results repeat."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(value)
    tf.config.experimental.enable_op_determinism()
