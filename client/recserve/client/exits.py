"""What is done before a process ends."""

import atexit
import sys
from collections.abc import Callable


def at_exit(function: Callable[[], None]) -> Callable[[], None]:
    """Calls a function before a normal end of the process.

    Processes that multiprocessing starts end without `atexit`; they have their own list.

    Returns:
        What takes the function off again.
    """
    atexit.register(function)
    multiprocessing = sys.modules.get("multiprocessing.util")  # not imported: then not in use
    if multiprocessing is None:
        return lambda: atexit.unregister(function)
    finalizer = multiprocessing.Finalize(None, function, exitpriority=0)

    def forget() -> None:
        atexit.unregister(function)
        finalizer.cancel()

    return forget
