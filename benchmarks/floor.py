"""The floor: a server whose handlers do nothing but parse and answer.

`python -m benchmarks.floor grpcio|native` prints its address, and answers every request with the
same ten items, until its standard input ends.
"""

import asyncio
import sys
from importlib import import_module
from typing import Any

from recserve.v1 import recommender_pb2, recommender_pb2_grpc

MODULES = {"grpcio": "grpc.aio", "native": "pygrpc_native.aio"}
"""Which module's `server()` each transport is."""


class FloorServicer(recommender_pb2_grpc.RecommenderServiceServicer):
    """Answers with constants of the size of real answers."""

    def __init__(self) -> None:
        self._answer = recommender_pb2.RecommendResponse(recommendation_id="x" * 38)
        for place in range(10):
            self._answer.results.add(item_id=f"{1000 + place}", score=0.5 / (place + 1))

    async def Recommend(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Return the constant."""
        return self._answer

    async def Feedback(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002
        """Return a constant."""
        return recommender_pb2.FeedbackResponse(accepted_count=1, log_position=1)


async def main(transport: str) -> None:
    """Serve until standard input ends."""
    server = import_module(MODULES[transport]).server()
    recommender_pb2_grpc.add_RecommenderServiceServicer_to_server(FloorServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"127.0.0.1:{port}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
