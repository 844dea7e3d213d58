"""Where a server is."""

import re

DEFAULT_PORT = 50051
DEFAULT_ADDRESS = f"localhost:{DEFAULT_PORT}"

_SCHEMES = ("dns:", "unix:", "unix-abstract:", "ipv4:", "ipv6:", "vsock:", "xds:", "google-c2p:")
_HOST_AND_PORT = re.compile(r"(?P<host>\[[^\]]+\]|[^:\[\]/\s]+)(:(?P<port>\d{1,5}))?")


def target(address: str) -> str:
    """The gRPC target of an address.

    `host:port` becomes `dns:///host:port`, so that every address behind the name is
    used; without a port, 50051. A target with a scheme (`unix:`, `ipv4:` …) stays.

    Raises:
        ValueError: The address is neither.
    """
    if address.startswith(_SCHEMES):
        return address
    host, port = _host_and_port(address)
    return f"dns:///{host}:{port}"


def is_this_machine(address: str) -> bool:
    """Whether calls to the address stay on this machine."""
    if address.startswith(("unix:", "unix-abstract:")):
        return True
    bare = re.sub(r"^(dns:(//[^/]*/)?|ipv4:|ipv6:)", "", address)
    # ipv4: and ipv6: targets may list several.
    return all(_is_loopback(one) for one in bare.split(","))


def _host_and_port(address: str) -> tuple[str, int]:
    match = _HOST_AND_PORT.fullmatch(address)
    port = int(match["port"] or DEFAULT_PORT) if match else 0
    if match is None or not 0 < port < 65536:
        raise ValueError(
            f"{address!r} is no address: give HOST:PORT, [IPV6]:PORT or a gRPC target such as "
            "unix:/run/recserve.sock"
        )
    return match["host"], port


def _is_loopback(address: str) -> bool:
    match = _HOST_AND_PORT.fullmatch(address)
    if match is None:
        return False
    import ipaddress  # rarely needed

    host = match["host"].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
