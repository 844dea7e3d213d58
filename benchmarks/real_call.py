"""One call with its answer read: load is only worth measuring if the answers are right."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import grpc
from benchmarks.call import Call
from benchmarks.generator import LoadFailed
from benchmarks.server import Server

from recserve.v1 import recommender_pb2

DEADLINE_SECONDS = 30.0


@contextmanager
def checked(calls: Iterable[tuple[Server, Call]]) -> Iterator[None]:
    """Make each call once before and once after what is in the `with`.

    Raises:
        LoadFailed: a call fails, or Recommend answers without results or with a fallback.
    """
    pairs = list(calls)
    for server, call in pairs:
        answer_once(server, call)
    yield
    for server, call in pairs:
        answer_once(server, call)


def answer_once(server: Server, call: Call) -> None:
    """Make one gRPC call and look at its answer."""
    with grpc.insecure_channel(server.address) as channel:
        try:
            answer = channel.unary_unary(call.path)(call.message, timeout=DEADLINE_SECONDS)
        except grpc.RpcError as error:
            raise LoadFailed(f"{call.path}: {error}") from error
    if call.path.endswith("/Recommend"):
        read = recommender_pb2.RecommendResponse.FromString(answer)
        if not read.results or read.fallback:
            raise LoadFailed(f"{call.path} did not answer from a model:\n{read}")
