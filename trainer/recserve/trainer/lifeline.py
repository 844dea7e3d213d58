"""The line to the supervisor that started this process; when it ends, so does the process."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from typing import Any, NoReturn

PATIENCE_SECONDS = 5.0
CHUNK = 4096


class Lifeline:
    """Sends JSON lines, and ends the process when the other end is gone.

    The end comes to the main thread as a `SystemExit`, so that a staged version is cleared
    away; what has not ended `PATIENCE_SECONDS` later ends without that.

    Args:
        line: A connected stream socket.
    """

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._line.set_inheritable(False)
        self._let_go = threading.Event()
        self._reader = threading.Thread(target=self._watch, name="lifeline", daemon=True)

    def hold(self) -> None:
        """Begins to watch; to be called by the main thread."""
        signal.signal(signal.SIGTERM, _end)
        self._reader.start()

    def let_go(self) -> None:
        """From here on the end of the line ends nothing: the work is done."""
        self._let_go.set()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def send(self, **message: Any) -> None:
        """Sends a message.

        Raises:
            SystemExit: If the other end is gone.
        """
        try:
            self._line.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            raise SystemExit(1) from None

    def check(self) -> None:
        """Makes sure that the other end is there at this moment.

        Raises:
            SystemExit: If it is gone.
        """
        try:
            gone = not self._line.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            gone = False
        except OSError:
            gone = True
        if gone:
            raise SystemExit(1)

    def _watch(self) -> None:
        try:
            while self._line.recv(CHUNK):
                pass  # nothing that is sent here means anything yet
        except OSError:
            pass  # a reset is an end like any other
        if self._let_go.is_set():
            return
        main = threading.main_thread().ident
        if main is not None:
            signal.pthread_kill(main, signal.SIGTERM)
        if not self._let_go.wait(PATIENCE_SECONDS):
            os._exit(1)


def _end(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(1)
