"""The transport of the package grpcio: everything, TLS included."""

import time

import grpc
import grpc.aio

from recserve.server.front_end.calls import CallInterceptor, CallLimit, WrappingServer
from recserve.server.front_end.transports.contract import (
    FLUSH_SECONDS,
    OPTIONS,
    AddServicers,
    cannot_listen,
)
from recserve.server.tracing import CallTracer


class GrpcioTransport:
    """A grpc.aio server. Made on the event loop that it runs on.

    Args:
        add_servicers: Registers the servicers with the server.
        limit: Refuses calls while too many are under way.
        tls: PEM bytes of the private key and of the certificate chain, or None for plaintext.
        tracer: Makes a span of each call; None: calls are not traced.
    """

    def __init__(
        self,
        add_servicers: AddServicers,
        limit: CallLimit,
        tls: tuple[bytes, bytes] | None = None,
        tracer: CallTracer | None = None,
    ) -> None:
        self._calls = CallInterceptor(limit, tracer)
        self._server = grpc.aio.server(options=OPTIONS)
        self._tls = tls
        add_servicers(WrappingServer(self._server, self._calls))

    async def start(self, address: str) -> int:
        """Listen on an address; return the port.

        Raises:
            ConfigurationError: the address is taken or not ours, or the TLS files are bad.
        """
        try:
            if self._tls is None:
                port = self._server.add_insecure_port(address)
            else:
                port = self._server.add_secure_port(
                    address, grpc.ssl_server_credentials([self._tls])
                )
        except RuntimeError as error:
            port = 0
            cause = str(error)
        else:
            cause = "it was refused"
        if port == 0:
            raise cannot_listen(address, cause)
        await self._server.start()
        return int(port)

    async def stop(self, grace_seconds: float) -> None:
        """Take no new calls, and give those in flight time to finish."""
        until = time.monotonic() + grace_seconds
        await self._calls.drain(grace_seconds)
        await self._server.stop(max(0.0, min(FLUSH_SECONDS, until - time.monotonic())))
