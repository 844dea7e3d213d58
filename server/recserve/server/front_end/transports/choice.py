"""Which transport serves, and why."""

from dataclasses import dataclass
from typing import Literal

from recserve.server.errors import ConfigurationError

Wanted = Literal["auto", "grpcio", "native"]
Name = Literal["grpcio", "native"]


@dataclass(frozen=True)
class Choice:
    """The transport that serves, and the reason in words for the log."""

    transport: Name
    reason: str


def choose(wanted: Wanted, *, tls: bool, native_lacks: str | None) -> Choice:
    """Choose a transport.

    Args:
        wanted: The setting `transport`.
        tls: Whether TLS is asked for.
        native_lacks: Why native cannot run here, or None if it can; see `native_lacks`.

    Raises:
        ConfigurationError: native is asked for and cannot do it.
    """
    if wanted == "grpcio":
        return Choice("grpcio", "the setting transport asks for it")
    if tls:
        if wanted == "native":
            raise ConfigurationError(
                "--transport native has no TLS: say --transport grpcio (or auto), or leave "
                "--tls-certificate and --tls-key out",
                reason="TRANSPORT_UNAVAILABLE",
            )
        return Choice("grpcio", "TLS is on, which native does not have")
    if native_lacks is not None:
        if wanted == "native":
            raise ConfigurationError(
                f"--transport native cannot be used: {native_lacks}. "
                "pip install 'recserve[fast]', or say --transport grpcio (or auto)",
                reason="TRANSPORT_UNAVAILABLE",
            )
        return Choice("grpcio", native_lacks)
    if wanted == "native":
        return Choice("native", "the setting transport asks for it")
    return Choice("native", "pygrpc-native is installed, and no TLS is asked for")


def native_lacks() -> str | None:
    """Why native cannot run here, or None if it can."""
    try:
        import pygrpc_native  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name == "pygrpc_native":
            return "the package pygrpc-native is not installed"
        return f"the package pygrpc-native cannot be loaded: {error}"
    except ImportError as error:
        return f"the package pygrpc-native cannot be loaded: {error}"
    return None
