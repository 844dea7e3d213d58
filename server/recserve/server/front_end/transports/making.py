"""Makes the transport that was chosen."""

from recserve.server.front_end.calls import CallLimit
from recserve.server.front_end.transports.choice import Choice
from recserve.server.front_end.transports.contract import AddServicers, Transport
from recserve.server.front_end.transports.grpcio import GrpcioTransport
from recserve.server.tracing import CallTracer


def make_transport(
    choice: Choice,
    add_servicers: AddServicers,
    limit: CallLimit,
    tls: tuple[bytes, bytes] | None = None,
    tracer: CallTracer | None = None,
) -> Transport:
    """Make a transport.

    Args:
        choice: Which one.
        add_servicers: Registers the servicers with the server.
        limit: Refuses calls while too many are under way.
        tls: PEM bytes of the private key and of the certificate chain, or None for plaintext.
        tracer: Makes a span of each call; None: calls are not traced.
    """
    if choice.transport == "native":
        from recserve.server.front_end.transports.native import NativeTransport  # extra [fast]

        return NativeTransport(add_servicers, limit, tracer)
    return GrpcioTransport(add_servicers, limit, tls, tracer)
