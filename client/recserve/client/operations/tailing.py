"""Following the event log."""

from collections.abc import Iterable

from recserve.client.event import LoggedEvent
from recserve.client.operations.effects import Operation
from recserve.client.operations.lasting_stream import LastingStream
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

        self._request = event_pb2.TailEventsRequest(
            after_position=after_position,
            event_types=many_ids("event_types", event_types),
            user_id=one_id("user_id", user_id),
            item_id=one_id("item_id", item_id),
        )
        self._stream = LastingStream(session, lambda stubs: stubs.events.TailEvents, self._request)

    def next(self) -> Operation[list[LoggedEvent]]:
        """Waits for the next events, in the order of the log.

        Raises:
            RecserveError: The log cannot be followed.
        """
        from recserve.client.wire.events import logged_event_from

        while True:
            response = yield from self._stream.next()
            self._stream.is_news()  # a stream that is opened anew goes on behind the last one
            self._request.after_position = response.log_position
            if response.events:
                return [logged_event_from(each) for each in response.events]

    def close(self) -> None:
        """Lets go of the stream."""
        self._stream.close()
