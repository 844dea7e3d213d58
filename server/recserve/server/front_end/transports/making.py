"""Makes the transport that was chosen."""

from recserve.server.front_end.transports.choice import Choice
from recserve.server.front_end.transports.contract import AddServicers, Transport
from recserve.server.front_end.transports.grpcio import GrpcioTransport


def make_transport(
    choice: Choice, add_servicers: AddServicers, tls: tuple[bytes, bytes] | None
) -> Transport:
    """Make a transport.

    Args:
        choice: Which one.
        add_servicers: Registers the servicers with the server.
        tls: PEM bytes of the private key and of the certificate chain, or None for plaintext.
    """
    if choice.transport == "native":
        from recserve.server.front_end.transports.native import NativeTransport  # extra [fast]

        return NativeTransport(add_servicers)
    return GrpcioTransport(add_servicers, tls)
