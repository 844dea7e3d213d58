"""Starts TensorFlow without the lines that it prints on every start, and without Keras."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from recserve.server.engine.device import Device, choose_device


def import_tensorflow() -> None:
    """Import TensorFlow: seconds of work, after which no thread has been started.

    It imports Keras too, unless there is none: a third of the time, with pandas, pyarrow, their
    threads and 70 MB. A SavedModel needs no Keras, so here there is none.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.modules["keras"] = None  # type: ignore[assignment]  # importing it is an ImportError
    with _native_messages_held_back():
        import tensorflow as tf

        del tf


def start_tensorflow(threads: int, device: Device) -> str:
    """Import TensorFlow if that has not been done, and start its runtime.

    Args:
        threads: Of the arithmetic; 0: one for every two CPUs.
        device: What to compute on.

    Returns:
        What is computed on, for people.

    Raises:
        DeviceMissing: the device is not there.
    """
    import_tensorflow()
    with _native_messages_held_back():
        import tensorflow as tf

        chosen = choose_device(tf.config, device)
        threads = threads or max(1, len(os.sched_getaffinity(0)) // 2)
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        # One operation at a time: handing the many small ones to several threads costs more than
        # it gains. Large ones are split over the threads of the arithmetic.
        tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.constant(0.0)  # the first operation starts the runtime
    return chosen


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
