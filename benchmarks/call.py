"""One call that is repeated: where to, and what is sent."""

import struct
from dataclasses import dataclass
from typing import Any

RECOMMENDER = "/recserve.v1.RecommenderService"


@dataclass(frozen=True, slots=True)
class Call:
    """A unary gRPC call, or a POST of HTTP/1.1."""

    path: str
    """With a slash in front."""
    message: bytes
    """The serialised message, or the body."""
    is_grpc: bool = True
    headers: tuple[str, ...] = ()
    """Further headers of a POST, each as `name: value`."""

    @property
    def body(self) -> bytes:
        """What follows the headers: a gRPC message has a flag and its length in front."""
        return framed(self.message) if self.is_grpc else self.message


def framed(message: bytes) -> bytes:
    """A gRPC frame: not compressed, length in four bytes, message."""
    return b"\0" + struct.pack(">I", len(message)) + message


def recommender_call(method: str, request: Any) -> Call:
    """A call of our service with a protobuf request."""
    return Call(f"{RECOMMENDER}/{method}", request.SerializeToString())
