"""How a client connects, how long it waits and when it tries again."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike

from recserve.client.errors import Cancelled, RecserveError, ResourceExhausted, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When a failed call is made again: exponential back-off with full jitter.

    Only UNAVAILABLE, and RESOURCE_EXHAUSTED for which the server says when to come
    back, are tried again, and never beyond the call's deadline; so is CANCELLED, which
    gRPC's core answers in place of UNAVAILABLE to calls that reach a server just as it
    stops (grpc/grpc issue 41785): who cancels a call of the SDK gets no status. Every call
    of the SDK may be repeated: reads change nothing, and events carry idempotency keys.
    """

    max_attempts: int | None = 10
    """Most attempts of one call, the first included; None: as many as fit its deadline."""
    initial_backoff: float = 0.05
    """Upper bound of the first wait, in seconds; the wait is drawn evenly below it."""
    multiplier: float = 2.0
    """By what each further bound is longer, at least 1."""
    max_backoff: float = 2.0
    """Highest bound, in seconds."""

    def __post_init__(self) -> None:
        if self.max_attempts is not None and self.max_attempts < 1:
            raise ValueError(f"max_attempts must be at least 1, got {self.max_attempts}")
        if not 0 < self.initial_backoff <= self.max_backoff:
            raise ValueError("initial_backoff must be above 0, and at most max_backoff")
        if self.multiplier < 1:
            raise ValueError(f"multiplier must be at least 1, got {self.multiplier}")

    def delay(self, error: RecserveError, attempt: int, chance: float) -> float | None:
        """How long to wait before the next attempt.

        Args:
            error: What the last attempt met.
            attempt: How many attempts there were, from 1.
            chance: A random number from 0 up to 1.

        Returns:
            Seconds, or None where another attempt is no use.
        """
        if self.max_attempts is not None and attempt >= self.max_attempts:
            return None
        # The exponent is bounded because a float power overflows at about 1000 attempts.
        growth = self.multiplier ** min(attempt - 1, 60)
        jitter = chance * min(self.max_backoff, self.initial_backoff * growth)
        match error:
            case Unavailable() | Cancelled():
                return jitter
            case ResourceExhausted(retry_after=float(seconds)):
                return seconds + jitter
            case _:
                return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything about a client except its address."""

    tls: bool | str | PathLike[str] = False
    """False: plaintext. True: TLS with the system's root certificates. A path: TLS with
    the root certificates in that PEM file."""
    client_certificate: str | PathLike[str] | None = None
    """PEM file of the client's certificate chain, for mutual TLS."""
    client_key: str | PathLike[str] | None = None
    """PEM file of the client's private key, for mutual TLS."""
    token: str | None = field(default=None, repr=False)
    """Sent with each call as `authorization: Bearer …`; needs TLS."""
    allow_insecure_token: bool = False
    """Lets a token go in plaintext to this machine itself."""
    recommend_timeout: float = 1.0
    """Default deadline of `recommend`, retries included, in seconds."""
    feedback_timeout: float = 10.0
    """Default deadline of `feedback`, retries included, in seconds."""
    read_timeout: float = 10.0
    """Default deadline of every other call, retries included, in seconds."""
    retry: RetryPolicy = RetryPolicy()
    """When a failed call is made again."""
    traces: bool | None = None
    """Whether calls are spans of OpenTelemetry, whose provider is the application's to set up.
    None: if OpenTelemetry's environment variables ask for traces, and it is installed."""
    channel_options: Mapping[str, str | int] = field(default_factory=dict)
    """Further gRPC channel arguments, such as `grpc.keepalive_time_ms`."""

    def __post_init__(self) -> None:
        for name in ("recommend_timeout", "feedback_timeout", "read_timeout"):
            check_timeout(name, getattr(self, name))
        if (self.client_certificate is None) != (self.client_key is None):
            raise ValueError("client_certificate and client_key go together: give both or neither")
        if self.client_certificate is not None and self.tls is False:
            raise ValueError("a client certificate needs TLS: set tls=True or tls='roots.pem'")
        if self.token is not None and self.tls is False and not self.allow_insecure_token:
            raise ValueError(
                "a token needs TLS, or allow_insecure_token where the server is on this machine"
            )


def check_timeout(name: str, seconds: float) -> float:
    """Returns the timeout, or raises `ValueError` where it is not a time above 0."""
    if not 0 < seconds < math.inf:
        raise ValueError(f"{name} must be a finite number of seconds above 0, got {seconds}")
    return seconds
