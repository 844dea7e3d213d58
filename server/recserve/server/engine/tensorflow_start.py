"""Starts TensorFlow without the lines that it prints on every start."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


def start_tensorflow(threads: int) -> None:
    """Import TensorFlow, find its devices, set its threads (0: one for every two CPUs).

    Operations run one after the other: handing the small ones of one batch to several threads
    costs more than it gains. Large ones are split over the threads.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _native_messages_held_back():
        import tensorflow as tf

        threads = threads or max(1, len(os.sched_getaffinity(0)) // 2)
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.constant(0.0)  # the first operation starts the runtime


@contextmanager
def _native_messages_held_back() -> Iterator[None]:
    """Send what native code writes to stderr to a file, and show it only after a failure.

    No setting silences them: they come before TensorFlow's logging is set up.
    """
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
