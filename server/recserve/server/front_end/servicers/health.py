"""grpc.health.v1: how the server is, and news of it.

The servicer of grpcio-health-checking forgets everyone who watches a service as soon as one of
them leaves, so the others would never hear that this server stops.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from grpc_health.v1 import health_pb2, health_pb2_grpc

from recserve.server.errors import NotFound

Response = health_pb2.HealthCheckResponse


class HealthServicer(health_pb2_grpc.HealthServicer):
    """The health of each service, by name. Belongs to one event loop."""

    def __init__(self) -> None:
        self._statuses: dict[str, int] = {}
        self._changed = asyncio.Event()  # replaced with every change
        self._draining = False

    def set(self, service: str, *, serving: bool) -> None:
        """Say whether a service is well. Once the server drains it changes nothing."""
        if not self._draining:
            self._statuses[service] = Response.SERVING if serving else Response.NOT_SERVING
            self._announce()

    def drain(self) -> None:
        """Say that no service wants new calls, for good."""
        self._draining = True
        self._statuses = dict.fromkeys(self._statuses, Response.NOT_SERVING)
        self._announce()

    async def Check(self, request: health_pb2.HealthCheckRequest, context: Any) -> Response:
        """Say how a service is."""
        status = self._statuses.get(request.service)
        if status is None:
            raise NotFound(
                f"there is no service of this name; there are: {sorted(self._statuses)}",
                reason="SERVICE_NOT_FOUND",
            )
        return Response(status=status)

    async def Watch(
        self, request: health_pb2.HealthCheckRequest, context: Any
    ) -> AsyncIterator[Response]:
        """Say how a service is, now and whenever that changes, until the caller leaves."""
        told = None
        while True:
            changed = self._changed
            status = self._statuses.get(request.service, Response.SERVICE_UNKNOWN)
            if status != told:
                yield Response(status=status)
                told = status
            await changed.wait()

    def _announce(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
