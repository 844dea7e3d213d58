"""Channels: load balancing, TLS, limits."""

import json
from importlib.metadata import version
from os import PathLike
from pathlib import Path

import grpc
import grpc.aio

from recserve.client.session import Session
from recserve.client.settings import Settings

_SERVICE_CONFIG = json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})
_LARGEST_RESPONSE_BYTES = 64 * 1024 * 1024


def blocking_channel(session: Session) -> grpc.Channel:
    """A channel for the blocking client; it connects at the first call."""
    credentials = _credentials(session.settings)
    if credentials is None:
        return grpc.insecure_channel(session.target, options=_options(session))
    return grpc.secure_channel(session.target, credentials, options=_options(session))


def asyncio_channel(session: Session) -> grpc.aio.Channel:
    """A channel for the asyncio client; to be made where its event loop runs."""
    credentials = _credentials(session.settings)
    if credentials is None:
        return grpc.aio.insecure_channel(session.target, options=_options(session))
    return grpc.aio.secure_channel(session.target, credentials, options=_options(session))


def _options(session: Session) -> list[tuple[str, str | int]]:
    options: dict[str, str | int] = {
        "grpc.service_config": _SERVICE_CONFIG,
        "grpc.primary_user_agent": f"recserve-python/{version('recserve')}",
        "grpc.max_receive_message_length": _LARGEST_RESPONSE_BYTES,
        # By default attempts to connect are 1 s to 120 s apart: most retries would end
        # before the next one, and see nothing of a server that has come back.
        "grpc.initial_reconnect_backoff_ms": 100,
        "grpc.max_reconnect_backoff_ms": 1_000,
        # How long one attempt may take (the name misleads). By default 20 s, in which a
        # server that is listening but hangs holds up every call.
        "grpc.min_reconnect_backoff_ms": 5_000,
    }
    return list({**options, **session.settings.channel_options}.items())


def _credentials(settings: Settings) -> grpc.ChannelCredentials | None:
    if settings.tls is False:
        return None
    return grpc.ssl_channel_credentials(
        root_certificates=None if settings.tls is True else _pem(settings.tls),
        private_key=None if settings.client_key is None else _pem(settings.client_key),
        certificate_chain=(
            None if settings.client_certificate is None else _pem(settings.client_certificate)
        ),
    )


def _pem(path: str | PathLike[str]) -> bytes:
    content = Path(path).read_bytes()
    if b"-----BEGIN" not in content:
        raise ValueError(f"{path} is not a PEM file: it has no -----BEGIN line")
    return content
