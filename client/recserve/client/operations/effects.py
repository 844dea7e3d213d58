"""What an operation may ask of the client that runs it."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from recserve.client.wire.stubs import Stubs

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Invoke:
    """Make one attempt of a call; the outcome is the response, or a `grpc.RpcError`."""

    method: "Callable[[Stubs], Callable[..., Any]]"
    request: object
    timeout: float
    """Seconds."""
    metadata: tuple[tuple[str, str], ...] = ()
    """Headers beside the session's."""


@dataclass(frozen=True, slots=True)
class Open:
    """Begin a call that is answered by a stream; the outcome is the stream."""

    method: "Callable[[Stubs], Callable[..., Any]]"
    request: object
    timeout: float
    """Seconds for the whole stream."""


@dataclass(frozen=True, slots=True)
class Receive:
    """Wait for a stream's next message; the outcome is it, None, or a `grpc.RpcError`."""

    stream: Any


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for some seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Together:
    """Run operations at the same time; the outcome is their results, in order.

    The first error ends them all.
    """

    operations: "Sequence[Operation[Any]]"
    limit: int
    """Most operations at work at once."""


Effect: TypeAlias = Invoke | Open | Receive | Pause | Together
Operation: TypeAlias = Generator[Effect, Any, R]
