"""What the calls of one client share."""

import threading

from recserve.client.address import is_this_machine, target
from recserve.client.clock import Clock
from recserve.client.errors import ClientClosed
from recserve.client.settings import Settings
from recserve.client.tracing import Tracing


class Session:
    """Address, settings, clock, and how far the caller has written.

    Clients are used by many threads; `_lock` guards `_log_position`.

    Args:
        address: Where the server is.
        settings: How to talk to it.
        clock: Time, waiting and chance.

    Raises:
        ValueError: The address is none, or a token would leave the machine in plaintext.
        MissingDependency: Traces are wanted, and OpenTelemetry's API is not installed.
    """

    def __init__(self, address: str, settings: Settings, clock: Clock) -> None:
        self.address = address
        self.target = target(address)
        self.settings = settings
        self.clock = clock
        self.tracing = Tracing(settings.traces)
        self._closed = False
        self._lock = threading.Lock()
        self._log_position = 0
        if settings.token is not None and settings.tls is False and not is_this_machine(address):
            raise ValueError(f"a token must not go to {address} in plaintext: use TLS")

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """The headers of each call."""
        token = self.settings.token
        return () if token is None else (("authorization", f"Bearer {token}"),)

    @property
    def log_position(self) -> int:
        """The highest log position that `feedback` got; 0 before the first."""
        return self._log_position

    def wrote_up_to(self, log_position: int) -> None:
        """Notes that the caller's events reach this log position."""
        with self._lock:
            self._log_position = max(self._log_position, log_position)

    def forked(self) -> None:
        """This is a child process, where a lock that another thread held stays held."""
        self._lock = threading.Lock()

    def close(self) -> bool:
        """Closes the session; returns whether it was open."""
        was_open, self._closed = not self._closed, True
        return was_open

    def check_open(self) -> None:
        """Raises `ClientClosed` after `close`."""
        if self._closed:
            raise ClientClosed(f"this client of {self.address} is closed; make a new one")
