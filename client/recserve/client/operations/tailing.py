"""Following the event log, over as many streams as it takes."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import grpc

from recserve.client.errors import DeadlineExceeded, RecserveError, Unavailable
from recserve.client.event import LoggedEvent
from recserve.client.operations.call import failure_as_error
from recserve.client.operations.effects import Open, Operation, Pause, Receive
from recserve.client.operations.watching import LONGEST_STREAM_SECONDS
from recserve.client.session import Session


class Tail:
    """One follower of the log.

    A stream that breaks, as when the server starts again, is opened anew behind the last event,
    so that none is missed and none comes twice.

    Args:
        session: The client's session.
        after_position: The log position to begin behind; None: only what is stored from now on.
        event_types: Only events of these types; empty: of all.
        user_id: Only events of this user; empty: of all.
        item_id: Only events on this item; empty: on all.
    """

    def __init__(
        self,
        session: Session,
        after_position: int | None,
        event_types: Iterable[str],
        user_id: str,
        item_id: str,
    ) -> None:
        from recserve.client.wire.identifiers import many_ids, one_id
        from recserve.v1 import event_pb2

        self._session = session
        self._request = event_pb2.TailEventsRequest(
            after_position=after_position,
            event_types=many_ids("event_types", event_types),
            user_id=one_id("user_id", user_id),
            item_id=one_id("item_id", item_id),
        )
        self._retry = dataclasses.replace(session.settings.retry, max_attempts=None)
        self._stream: Any = None
        self._attempt = 1

    def next(self) -> Operation[list[LoggedEvent]]:
        """Waits for the next events, in the order of the log.

        Raises:
            RecserveError: The log cannot be followed.
        """
        from recserve.client.wire.events import logged_event_from

        while True:
            self._session.check_open()
            try:
                response = yield from self._receive()
            except grpc.RpcError as failure:
                self._stream = None
                yield from self._wait_for(failure_as_error(failure, self._session), failure)
                continue
            if response is None:
                self._stream = None
                yield from self._wait_for(Unavailable("the stream has ended"))
                continue
            self._attempt = 1
            self._request.after_position = response.log_position
            if response.events:
                return [logged_event_from(each) for each in response.events]

    def close(self) -> None:
        """Lets go of the stream."""
        if self._stream is not None:
            self._stream.cancel()
            self._stream = None

    def _receive(self) -> Operation[Any]:
        if self._stream is None:
            method = lambda stubs: stubs.events.TailEvents  # noqa: E731
            self._stream = yield Open(method, self._request, LONGEST_STREAM_SECONDS)
        return (yield Receive(self._stream))

    def _wait_for(self, error: RecserveError, cause: Exception | None = None) -> Operation[None]:
        if isinstance(error, DeadlineExceeded):
            return  # the longest time of a stream: nothing is wrong
        delay = self._retry.delay(error, self._attempt, self._session.clock.random())
        if delay is None:
            raise error from cause
        self._attempt += 1
        yield Pause(delay)
