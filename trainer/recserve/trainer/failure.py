"""What went wrong, in a text for people who see neither the log nor the machine."""

import errno
import sys
import traceback

from recserve.trainer.errors import TrainerError

NOT_INSTALLED = "the trainer is not installed on the server: pip install 'recserve[trainer]'"
OUT_OF_MEMORY = (
    "training ran out of memory; learn from fewer events, or with a smaller embedding_width, "
    "candidate_count, batch_size or history_length"
)
FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
MOST_CHARACTERS = 4000


def text(error: Exception) -> str:
    """The text of an error; the traceback of an unexpected one goes to stderr."""
    return _text(error)[:MOST_CHARACTERS]


def _text(error: Exception) -> str:
    if isinstance(error, TrainerError):
        return str(error)
    if isinstance(error, ImportError):
        return f"{NOT_INSTALLED} ({error})"
    # TensorFlow's name for it; this module is for failures without TensorFlow too.
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return OUT_OF_MEMORY
    if isinstance(error, OSError) and error.strerror:
        where = error.filename or "a file"
        refused = f"cannot write {where}" if error.errno in FULL else str(where)
        return f"{refused}: {error.strerror}"
    traceback.print_exception(error, file=sys.stderr)
    return f"{type(error).__name__}: {error}"
