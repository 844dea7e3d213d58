"""Joining a visitor to a user."""

# ruff: noqa: D417 - `session` is not of the clients' methods, which show these docstrings

from recserve.client.join_receipt import JoinReceipt
from recserve.client.operations.call import call
from recserve.client.operations.effects import Operation
from recserve.client.session import Session


def join_users(
    session: Session, visitor_id: str, user_id: str, *, timeout: float = 10.0
) -> Operation[JoinReceipt]:
    """Joins a visitor, such as an anonymous session, to the user who has logged in.

    What the visitor did is the user's from then on, in answers, trainings and erasures, and so
    is what still comes under the visitor's id. Use another id for the visitor after a log-out.
    It may be repeated.

    Args:
        visitor_id: The id that the visitor had.
        user_id: The user's id.
        timeout: Seconds, retries included.

    Raises:
        FailedPrecondition: The visitor is another user already (JOINED_ALREADY), or has too
            many events (VISITOR_TOO_LARGE).
        RecserveError: The call failed otherwise.
        TypeError: An id is not a string.
    """
    from recserve.client.wire.identifiers import one_id
    from recserve.v1 import catalog_pb2

    request = catalog_pb2.JoinUsersRequest(
        visitor_id=one_id("visitor_id", visitor_id), user_id=one_id("user_id", user_id)
    )
    response = yield from call(session, lambda stubs: stubs.catalogue.JoinUsers, request, timeout)
    return JoinReceipt(user_id=response.user_id, joined_event_count=response.joined_event_count)
