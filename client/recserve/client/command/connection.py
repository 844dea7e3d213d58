"""The connection that the commands share, and how its errors are told."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from recserve.client import Client, RecserveError, Settings
    from recserve.client.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What the options of `recserve` say about the server."""

    server: str
    tls: bool
    root_certificates: str | None
    client_certificate: str | None
    client_key: str | None
    token: str | None
    allow_insecure_token: bool
    timeout: float | None

    @contextmanager
    def client(self) -> Iterator["Client"]:
        """A client; its errors end the command with one clear message.

        Raises:
            click.UsageError: The options or arguments do not make sense (exit code 2).
            click.ClickException: The call failed (exit code 1).
        """
        # Imported here, so that --help does not wait for gRPC.
        from recserve.client import Client

        with _errors_told(), Client(self.server, self._settings()) as client:
            yield client

    @contextmanager
    def session(self, channel_options: Mapping[str, str | int]) -> Iterator["Session"]:
        """A session without a client, for calls on the stubs; its errors end the command.

        Args:
            channel_options: Further gRPC channel arguments.

        Raises:
            click.UsageError: The options or arguments do not make sense (exit code 2).
            click.ClickException: The work failed (exit code 1).
        """
        from recserve.client import Clock
        from recserve.client.session import Session

        with _errors_told():
            settings = replace(self._settings(), channel_options=channel_options)
            yield Session(self.server, settings, Clock())

    def _settings(self) -> "Settings":
        from recserve.client import Settings

        return Settings(
            tls=self.root_certificates or self.tls,
            client_certificate=self.client_certificate,
            client_key=self.client_key,
            token=self.token,
            allow_insecure_token=self.allow_insecure_token,
        )


@contextmanager
def _errors_told() -> Iterator[None]:
    from recserve.client import RecserveError

    try:
        yield
    except RecserveError as error:
        raise click.ClickException(_told(error)) from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.ClickException(str(error)) from error


def _told(error: "RecserveError") -> str:
    from recserve.client import InvalidArgument, ResourceExhausted

    message = str(error)
    parts = [message]
    if isinstance(error, InvalidArgument):  # whose message may name the fields already
        parts += [text for text in map(str, error.violations) if text not in message]
    if isinstance(error, ResourceExhausted) and error.retry_after is not None:
        parts += [f"try again in {error.retry_after:g} s"]
    name = error.reason or error.code
    return "; ".join(parts) + (f" [{name}]" if name else "")
