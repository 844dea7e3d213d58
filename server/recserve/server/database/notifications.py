"""The thread that hears PostgreSQL's notifications."""

import logging
import os
import select
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg

RETRY_SECONDS = 1.0

Connection = psycopg.Connection[tuple[Any, ...]]

logger = logging.getLogger(__name__)


class Notifications:
    """Listens on a channel, and calls back when another process has sent something.

    Whatever was sent while there was no connection is made up for: a new connection calls
    back too. The thread owns its connection; `_wake` is how `close` reaches it.

    Args:
        connect: Makes a psycopg connection in autocommit mode.
        channel: The channel.
        own: The payload of this process's own notifications, which are passed over.
        on_change: Called in the thread.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        channel: str,
        own: str,
        on_change: Callable[[], None],
    ) -> None:
        self._connect = connect
        self._channel = channel
        self._own = own
        self._on_change = on_change
        self._reader, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="log-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """See `Watch.close`."""
        if self._thread.is_alive():
            os.write(self._wake, b"x")
            self._thread.join()
        if self._wake >= 0:
            os.close(self._reader)
            os.close(self._wake)
            self._wake = -1

    def _run(self) -> None:
        failing = False
        while True:
            try:
                with closing(self._connect()) as connection:
                    connection.execute(f'LISTEN "{self._channel}"')
                    failing = False
                    self._on_change()
                    if not self._listen(connection):
                        return
            except (psycopg.Error, OSError) as error:
                if not failing:  # say it once, not every second
                    logger.warning("notifications of the event log cannot be heard: %s", error)
                failing = True
            if self._is_closed_within(RETRY_SECONDS):
                return

    def _listen(self, connection: Connection) -> bool:
        """Calls back until the connection fails, which raises, or `close` is called: False."""
        while True:
            ready, _, _ = select.select([connection.fileno(), self._reader], [], [])
            if self._reader in ready:
                return False
            payloads = [each.payload for each in connection.notifies(timeout=0)]
            if payloads.count(self._own) < len(payloads):
                self._on_change()

    def _is_closed_within(self, seconds: float) -> bool:
        return bool(select.select([self._reader], [], [], seconds)[0])
