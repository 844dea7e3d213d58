"""The transport of the package pygrpc-native: HTTP/2 in Rust, outside the interpreter lock."""

import time

import pygrpc_native.aio

from recserve.server.front_end.calls import CallInterceptor
from recserve.server.front_end.transports.contract import (
    FLUSH_SECONDS,
    OPTIONS,
    AddServicers,
    cannot_listen,
)


class NativeTransport:
    """A server of pygrpc_native.aio, in plaintext. Made on the event loop that it runs on.

    Args:
        add_servicers: Registers the servicers with the server.
    """

    def __init__(self, add_servicers: AddServicers) -> None:
        self._calls = CallInterceptor()
        self._server = pygrpc_native.aio.server(interceptors=[self._calls], options=OPTIONS)
        add_servicers(self._server)

    async def start(self, address: str) -> int:
        """Listen on an address; return the port.

        Raises:
            ConfigurationError: the address is taken or not ours.
        """
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise cannot_listen(address, str(error.__cause__ or error)) from error
        await self._server.start()
        return port

    async def stop(self, grace_seconds: float) -> None:
        """Take no new calls, and give those in flight time to finish."""
        until = time.monotonic() + grace_seconds
        await self._calls.drain(grace_seconds)
        await self._server.stop(max(0.0, min(FLUSH_SECONDS, until - time.monotonic())))
