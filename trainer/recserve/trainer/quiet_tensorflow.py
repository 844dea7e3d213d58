"""How TensorFlow is set up before its first import."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def set_up() -> None:
    """Imports TensorFlow without its start-up notes about missing GPUs and CPU features."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Other kernels add in another order, and results would not repeat between machines.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    with _without_native_stderr():
        import tensorflow as tf  # noqa: F401  (imported for its start-up)


@contextmanager
def _without_native_stderr() -> Iterator[None]:
    """Hides what native code writes to stderr; Python's exceptions pass."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def seed(value: int) -> None:
    """Seeds every random choice, and takes only kernels whose results repeat."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(value)
    tf.config.experimental.enable_op_determinism()
