"""Calls of one method of a server, made on the generated stubs."""

import itertools
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

import grpc.aio

from recserve.client.load.outcome import OK, Outcome
from recserve.client.recommendation import Fallback
from recserve.client.session import Session
from recserve.client.wire.enums import enumerator
from recserve.client.wire.failures import error_from
from recserve.v1 import recommender_pb2

Request: TypeAlias = recommender_pb2.RecommendRequest | recommender_pb2.FeedbackRequest
Method: TypeAlias = Callable[..., Awaitable[Any]]


class RemoteCall:
    """Makes one call at a time to each of several connections in turn; never tries again.

    Args:
        methods: The method on each connection.
        next_request: Gives the request of the next call.
        session: The address, for errors, and the headers.
    """

    def __init__(
        self, methods: Sequence[Method], next_request: Callable[[], Request], session: Session
    ) -> None:
        self._methods = methods
        self._next_method = itertools.cycle(methods).__next__
        self._next_request = next_request
        self._session = session
        self._metadata = session.metadata

    async def __call__(self, seconds: float) -> Outcome:
        """Makes a call.

        Args:
            seconds: Until its deadline.
        """
        method, request = self._next_method(), self._next_request()
        try:
            response = await method(request, timeout=seconds, metadata=self._metadata)
        except grpc.aio.AioRpcError as failure:
            return Outcome(failure.code().name)
        number = getattr(response, "fallback", recommender_pb2.FALLBACK_UNSPECIFIED)
        if number == recommender_pb2.FALLBACK_UNSPECIFIED:
            return Outcome(OK)
        return Outcome(OK, enumerator(Fallback, recommender_pb2.Fallback, "FALLBACK_", number))

    async def check(self, seconds: float) -> None:
        """Connects, and has the server check a request that it does not act upon.

        Args:
            seconds: Until the deadline of each.

        Raises:
            RecserveError: The server is not there, or refuses such requests. That it is over
                capacity now is no error.
        """
        request = self._next_request()
        request.validate_only = True
        for method in self._methods:
            try:
                await method(request, timeout=seconds, metadata=self._metadata)
            except grpc.aio.AioRpcError as failure:
                if failure.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                    raise error_from(failure, self._session.address) from failure
