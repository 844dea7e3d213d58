"""What every transport does, and the limits that they share."""

from collections.abc import Callable
from typing import Any, Protocol

from recserve.server.errors import ConfigurationError

MAX_MESSAGE_BYTES = 16 << 20
"""Larger requests are refused by the transport with RESOURCE_EXHAUSTED."""
FLUSH_SECONDS = 1.0
"""For the last answers to leave; streams such as a health watch would stay open for ever."""
OPTIONS = (
    ("grpc.so_reuseport", 0),  # a second server on the port must fail, not share it
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
)

AddServicers = Callable[[Any], None]
"""Registers the servicers with a server of gRPC's kind."""


class Transport(Protocol):
    """A gRPC server for one address. Made on the event loop that it runs on."""

    async def start(self, address: str) -> int:
        """Listen on an address; return the port.

        Raises:
            ConfigurationError: the address is taken or not ours.
        """

    async def stop(self, grace_seconds: float) -> None:
        """Take no new calls, and give those in flight time to finish."""


def cannot_listen(address: str, cause: str) -> ConfigurationError:
    """The error of an address that is taken or not ours."""
    return ConfigurationError(
        f"cannot listen on {address}: is another program using the port? ({cause})",
        reason="ADDRESS_UNAVAILABLE",
    )
